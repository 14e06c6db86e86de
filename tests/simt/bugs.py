"""Bugs to plant into kernels: by rule, one place at a time, and by hand, from a list.

A bug replaces one line of one file. Lists of bugs are text:

    kernels/file.cu              the file that the following bugs are in
    - the line as it stands      without its indentation; "-2 " means the second such line of the file
    + the line as planted        any number of them; none: the line is removed
    Words up to the next "-" or file: why.
"""

import re
from dataclasses import dataclass

# Rule, what it matches in a line of code, what it puts there. Every match is a bug of its own.
RULES = [(rule, re.compile(pattern), planted) for rule, pattern, planted in [
    ("barrier removed", r"__syncthreads\(\);", ""),
    ("mask narrowed", r"0xffffffffu", "0x0000ffffu"),
    ("mask narrowed", r"0xffffffffu", "0xfffffffeu"),
    ("bound widened", r" < (?!kVector|kItems|kStates)", " <= "),
    ("bound widened", r" >= ", " > "),
    ("bound narrowed", r" <= ", " < "),
    ("bound narrowed", r" < (?!kVector|kItems|kStates)", " + 1 < "),
    ("guard removed", r"^if \(.*\) return( \w+)?;", ""),
    ("guard removed", r"bool inside = .*;", "bool inside = true;"),
    ("done by every thread", r"if \(threadIdx\.x( % kWarpSize)? == 0\) ", ""),
    ("done by every thread", r" && threadIdx\.x == 0", ""),
    ("threads swapped", r"threadIdx\.y", "threadIdx.x"),
    ("block ignored", r"blockIdx\.[xy]", "0"),
    ("sum lost", r" \+= ", " = "),
    ("sign flipped", r" \+= ", " -= "),
    ("sign flipped", r" - ", " + "),
    ("sign flipped", r"-1\.0f", "1.0f"),
    ("start of a sum wrong", r"(?<=sum = )0\.0f", "1.0f"),
    ("factor lost", r" \* (kVector<\w+>|[\w.]+(\[\w+\]|\([^()]*\))?)(?![\w.(\[<])", ""),
    ("factor lost", r"(?<= )\w[\w.]*(\[\w+\])? \* (?!rein)", ""),
    ("factor lost", r"(?<= )\*= ", "= "),
    ("divisor lost", r" / (float\([\w.]+\)|[\w.]+)", ""),
    ("index off by one", r"\b(data|row|operand|pixels|push|slots|mine|d?logits|label_part)\[[^\]]+", r"\g<0> + 1"),
    ("row off by one", r"(?<=row<T>\()\w+", r"\g<0> + 1"),
    ("stride wrong", r"(?<= \+= )[\w.]+(?=\) )", r"2 * \g<0>"),
    ("aligned path forced", r"rows_are_aligned<T>\([\w.]+\)", "true"),
    ("aligned path lost", r"\baligned &&", "false &&"),
    ("grid too small", r"blocks_for\(([\w.]+), (\w[\w<>]*)\)", r"blocks_for(\1, 2 * \2)"),
    ("block too small", r"dim3\((kThreads|kUpdateThreads|kRowBlockThreads)\)", r"dim3(\1 / 2)"),
]]
NO_CODE = re.compile(r"//|#|template|namespace|using |inline constexpr|\w+ operator|FFWD_EXPECT")


@dataclass
class Bug:
    file: str       # as in the repository: kernels/...
    line: int       # counted from 1
    old: str        # the line without its indentation, and
    nth: int        # which of the equal lines of the file it is
    new: str
    rule: str = "by hand"
    reason: str = ""

    @property
    def key(self):
        return (self.file, self.old, self.nth, " ".join(self.new.split()))

    def plant(self, text):
        lines = text.splitlines()
        lines[self.line - 1] = self.new
        return "\n".join(lines) + "\n"


def end_of_for(code):
    """The index behind the parenthesis that closes a line's `for (...)`; 0 without one."""
    depth = 0
    for i, c in enumerate(code if code.startswith("for (") else ""):
        depth += (c == "(") - (c == ")")
        if c == ")" and depth == 0:
            return i + 1
    return 0


def by_rule(file, text):
    """Every bug that the rules plant into the text of one file."""
    bugs, seen = [], {}
    for number, line in enumerate(text.splitlines(), 1):
        old = line.strip()
        seen[old] = seen.get(old, 0) + 1
        if NO_CODE.match(old):
            continue
        code = old.split("  //")[0]
        steps = end_of_for(code)  # what a loop steps by is not a sum
        for rule, pattern, planted in RULES:
            for match in pattern.finditer(code):
                if " +=" in match.group() and match.start() < steps:
                    continue
                new = code[:match.start()] + match.expand(planted) + code[match.end():]
                bugs.append(Bug(file, number, old, seen[old], new.strip(), rule))
    return bugs


def from_list(path, texts):
    """The bugs of a list. `texts` maps files to their text; a bug whose line is not there is an error."""
    bugs, file = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("kernels/"):
            file = line.strip()
        elif head := re.match(r"-(\d*) (.*)", line):
            nth, old = int(head[1] or 1), head[2].strip()
            places = [i for i, have in enumerate(texts.get(file, "").splitlines(), 1) if have.strip() == old]
            if len(places) < nth:
                raise SystemExit(f"{path}:{number}: {file} has no such line (any more)")
            bugs.append(Bug(file, places[nth - 1], old, nth, ""))
        elif line.startswith("+"):
            bugs[-1].new = f"{bugs[-1].new}\n{line[1:].strip()}".strip()
        elif line.strip() and not line.startswith("#"):
            bugs[-1].reason = f"{bugs[-1].reason} {line.strip()}".strip()
    return bugs
