#include "host/report/report_page.h"

#include "host/report/html_text.h"

namespace ffwd {
namespace {

const char kStyle[] = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --edge: #e3e6eb; --grid: #eceef2;
  --ink: #1a1f28; --soft: #667080; --hit: 37, 99, 235; --miss: 220, 60, 40; --warn: #fff3d6;
  --c0: #2563eb; --c1: #e8710a; --c2: #16944a; --c3: #9b3fd6; --c4: #d62f4b; --c5: #0b8f9c;
  --c6: #a16207; --c7: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #171b22; --edge: #2a303a; --grid: #232932;
    --ink: #e6e9ef; --soft: #949dac; --hit: 76, 132, 255; --miss: 240, 84, 62; --warn: #43360f;
    --c0: #6ea2ff; --c1: #ff9d4d; --c2: #4cc97d; --c3: #c384f5; --c4: #ff6f86; --c5: #3cc4d1;
    --c6: #d9a441; --c7: #a3abb8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 40px 24px 56px; max-width: 1160px; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { margin: 0; font-size: 28px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 36px 0 12px; font-size: 18px; }
h3 { margin: 0 0 2px; font-size: 15px; }
p { margin: 4px 0; }
.soft { color: var(--soft); }
a { color: var(--c0); }
.card {
  background: var(--card); border: 1px solid var(--edge); border-radius: 10px;
  padding: 16px 18px;
}
.warn { background: var(--warn); border-radius: 8px; padding: 10px 16px; margin: 18px 0 0; }
.grid { display: grid; gap: 14px; }
.figures { grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); margin: 24px 0 14px; }
.figures .value { font-size: 30px; font-weight: 650; line-height: 1.2; letter-spacing: -0.01em; }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
.facts {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 8px 28px;
  margin: 0;
}
.facts div {
  display: flex; justify-content: space-between; gap: 12px; border-bottom: 1px solid var(--grid);
}
.facts dt { color: var(--soft); white-space: nowrap; }
.facts dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
svg.chart { display: block; overflow: visible; width: 100%; height: auto; margin-top: 8px; }
svg text { font-size: 11.5px; fill: var(--soft); text-anchor: middle; }
svg text.y { text-anchor: end; }
svg text.start, svg text.stage { text-anchor: start; }
svg path { fill: none; }
.grid-line { stroke: var(--grid); }
.axis { stroke: var(--soft); }
.divider { stroke: var(--soft); stroke-dasharray: 2 4; }
.line { stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.dashed { stroke-dasharray: 5 5; }
.dots { stroke-width: 5; stroke-linecap: round; stroke-dasharray: none; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); }
.c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
.c6 { stroke: var(--c6); } .c7 { stroke: var(--c7); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin-top: 6px; font-size: 13px; }
.legend svg { width: 24px; height: 8px; margin-right: 6px; vertical-align: middle; }
.legend b { font-weight: 600; margin-left: 6px; font-variant-numeric: tabular-nums; }
.confusion { display: flex; flex-wrap: wrap; gap: 20px 48px; margin-top: 12px; }
.confusion > div { overflow-x: auto; }
.confusion h3 { margin-bottom: 8px; }
table {
  border-collapse: separate; border-spacing: 2px; font-size: 13px;
  font-variant-numeric: tabular-nums;
}
th {
  font-weight: 500; color: var(--soft); padding: 2px 8px; text-align: right; white-space: nowrap;
}
thead th { text-align: center; vertical-align: bottom; }
th.tall span { writing-mode: vertical-rl; transform: rotate(180deg); }
td {
  min-width: 46px; padding: 5px 6px; border-radius: 4px; text-align: center;
  background: var(--grid);
}
td.hit { background: rgba(var(--hit), var(--heat)); font-weight: 600; }
td.miss { background: rgba(var(--miss), var(--heat)); }
td.none { color: var(--soft); opacity: 0.7; }
.pairs td { background: none; min-width: 0; padding: 2px 8px 2px 0; text-align: left; }
.wide { overflow-x: auto; }
table.text td, table.text th { padding: 4px 10px; text-align: right; min-width: 0; }
table.text td:first-child, table.text th:first-child { text-align: left; }
td.recall { background: none; color: var(--soft); text-align: right; }
.samples {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 16px 12px;
}
.samples figure {
  margin: 0; text-align: center; font-size: 12.5px; line-height: 1.35; overflow-wrap: anywhere;
}
.samples img {
  width: 84px; height: auto; border-radius: 6px; image-rendering: pixelated; display: block;
  margin: 0 auto 6px;
}
pre {
  margin: 0; overflow-x: auto;
  font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media print { body { max-width: none; padding: 0; } .card { break-inside: avoid; } }
)css";

}  // namespace

std::string report_page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>" +
         html_escape(title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + body +
         "</body>\n</html>\n";
}

}  // namespace ffwd
