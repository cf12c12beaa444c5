"""The built site in a real browser, wide and as on a phone: python docs/check_in_browser.py build/site [PAGE …]

No script of a page may end with an error, no picture be broken, and no page be wider than a phone. Needs Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (1280, 390)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--allow-file-access-from-files")
FLAGS += ("--disable-background-networking", "--disable-component-update", "--disable-sync")
FLAGS += ("--virtual-time-budget=5000",)
BEFORE = """<script>
window.said = [];
const say = (event) => window.said.push(event.message || "not loaded: " + event.target.src);
window.addEventListener("error", say, true);
</script>"""
AFTER = """<script>
window.addEventListener("load", () => {
  const broken = [...document.images].filter((one) => one.complete && !one.naturalWidth).map((one) => one.src);
  const root = document.documentElement;
  parent.postMessage({said: window.said, broken, over: root.scrollWidth - root.clientWidth}, "*");
});
</script>"""
# a frame, since a window of its own has a least width of 500
FRAME = """<pre id="found"></pre><script>
window.addEventListener("message", (event) => {
  document.getElementById("found").textContent = JSON.stringify(event.data);
});
</script><iframe src="PAGE" width="WIDTH" height="900" style="border: 0"></iframe>"""


def browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def looked_at(page: Path, width: int, program: str) -> dict:
    """What a browser of that width finds on a page: errors of its scripts, broken pictures, pixels over the width."""
    text = page.read_text(encoding="utf-8")
    watched = re.sub(r"<head[^>]*>", lambda head: head[0] + BEFORE, text, count=1)
    watched = watched.replace("</body>", f"{AFTER}</body>")
    copy, frame = page.with_name(f".watched-{page.name}"), page.with_name(f".frame-{page.name}")  # links are relative
    copy.write_text(watched, encoding="utf-8")
    frame.write_text(FRAME.replace("PAGE", copy.name).replace("WIDTH", str(width)), encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as profile:
            command = [program, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width + 100},1000", "--dump-dom"]
            shown = subprocess.run([*command, frame.as_uri()], capture_output=True, text=True, check=True, timeout=600)
    finally:
        copy.unlink()
        frame.unlink()
    match = re.search(r'<pre id="found">(.+?)</pre>', shown.stdout, re.DOTALL)
    return json.loads(unescape(match[1])) if match else {"said": ["the page was not shown"], "broken": [], "over": 0}


def wrong(site: Path, pages: list[str], program: str) -> list[str]:
    """A line for each thing that is wrong with a page of the site."""
    files = [site / name for name in pages] or [file for file in sorted(site.rglob("*.html")) if file.name[0] != "."]
    found = []
    for file in files:
        for width in WIDTHS:
            seen = looked_at(file, width, program)
            place = f"{file.relative_to(site)}, {width} wide"
            found += [f"{place}: {words}" for words in seen["said"]]
            found += [f"{place}: broken picture {source}" for source in seen["broken"]]
            found += [f"{place}: {seen['over']} pixels too wide"] if seen["over"] > 0 else []
    return found


if __name__ == "__main__":
    program = browser()
    if program is None:
        print("no Chromium is installed: the site was not looked at in a browser")
        sys.exit(0)
    lines = wrong(Path(sys.argv[1]).resolve(), sys.argv[2:], program)
    print("\n".join(lines) or "every page is as it should be in a browser")
    sys.exit(bool(lines))
