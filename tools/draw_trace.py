#!/usr/bin/env python3
"""Draws a trace of `ffwd train --trace` as an SVG: a row for each lane, a box for each task, a colour for each step.

    tools/draw_trace.py TRACE.json [FIRST:END] > trace.svg      steps FIRST to END - 1; 8:16 if absent

For more than a glance open the trace itself at ui.perfetto.dev.
"""

import json
import sys
from html import escape

WIDTH, MARGIN, ROW, BOX, HEAD = 1200, 90, 44, 34, 30  # pixels
COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#e15759", "#76b7b2", "#edc948", "#9c755f"]


def draw(events, first, end):
    lanes = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    tasks = [e for e in events if e["ph"] == "X" and first <= e["args"]["step"] < end]
    if not tasks:
        sys.exit(f"draw_trace.py: the trace has no steps {first} to {end - 1}")
    order = {"input": 0, "layer": 1, "head": 2}
    names = sorted(set(lanes.values()), key=lambda name: (order.get(name.split()[0], 3), len(name), name))
    begin = min(t["ts"] for t in tasks)
    scale = (WIDTH - MARGIN - 10) / (max(t["ts"] + t["dur"] for t in tasks) - begin)
    height = HEAD + ROW * len(names) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>']
    for step in range(first, end):
        x = MARGIN + 90 * (step - first)
        out.append(f'<rect x="{x}" y="8" width="12" height="12" fill="{COLOURS[step % len(COLOURS)]}"/>'
                   f'<text x="{x + 17}" y="18">step {step}</text>')
    for row, name in enumerate(names):
        y = HEAD + ROW * row
        out.append(f'<text x="8" y="{y + ROW / 2 + 4}">{escape(name)}</text>'
                   f'<line x1="{MARGIN}" x2="{WIDTH}" y1="{y + ROW - 3}" y2="{y + ROW - 3}" stroke="#ddd"/>')
    for task in tasks:
        x, w = MARGIN + scale * (task["ts"] - begin), max(1.0, scale * task["dur"])
        y = HEAD + ROW * names.index(lanes[task["tid"]]) + 3
        colour = COLOURS[task["args"]["step"] % len(COLOURS)]
        out.append(f'<rect x="{x:.1f}" y="{y}" width="{w:.1f}" height="{BOX}" fill="{colour}" stroke="white" '
                   f'stroke-width="0.5"><title>{escape(task["name"])}, {task["dur"]:.0f} us</title></rect>')
        if w > 7 * len(task["name"]):
            out.append(f'<text x="{x + 4:.1f}" y="{y + BOX / 2 + 4}" fill="white">{escape(task["name"])}</text>')
    out.append(f'<text x="{MARGIN}" y="{height - 6}" fill="#666">{(WIDTH - MARGIN) / scale / 1000:.1f} ms</text></svg>')
    return "\n".join(out)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    first, end = map(int, (sys.argv[2] if len(sys.argv) == 3 else "8:16").split(":"))
    with open(sys.argv[1], encoding="utf-8") as file:
        print(draw(json.load(file)["traceEvents"], first, end))


if __name__ == "__main__":
    main()
