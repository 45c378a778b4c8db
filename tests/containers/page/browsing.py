"""Pages in a real browser: opened without a network, and how well their text can be read."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

CONTRASTS = """() => {
  const numbers = text => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith('color(') ? found.slice(0, 3).map(v => v * 255).concat(found[3] ?? 1)
                                     : found.slice(0, 3).concat(found[3] ?? 1);
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = colour => {
    const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(numbers(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  document.querySelectorAll('details').forEach(one => one.open = true);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('.picture, .drawn')) continue;
    const style = getComputedStyle(element), below = ground(element);
    const colour = over(numbers(element.closest('svg') ? style.fill : style.color), below);
    const [high, low] = [light(colour), light(below)].sort((a, b) => b - a);
    seen.push([Math.round((high + 0.05) / (low + 0.05) * 100) / 100, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return seen;
}"""
"""The contrast of every text of a page with what lies below it, folded text too, and how it begins."""


def opened(browser: Browser, path: Path, width: int, scheme: str) -> tuple[Tab, list[str]]:
    """A tab with a page, and every address that was asked for."""
    tab = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri(), wait_until="load")
    return tab, asked
