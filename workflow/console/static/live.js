// Keeps a page up to date, and opens a state without loading the page anew. The page is whole without it.
//
// Whatever has `data-live` and an id is replaced by what the server says now, where that changed. What a person opened
// stays open, where they are stays focused, and how far they scrolled stays as it is.
"use strict";

const shown = new Map();
const trouble = document.getElementById("trouble");
let asked = 0;
let underWay = 0;

const parts = () => document.querySelectorAll("[data-live][id]");
const remember = () => parts().forEach(part => shown.set(part.id, part.innerHTML));

function focusedPlace() {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  if (at.id) return `#${CSS.escape(at.id)}`;
  const link = at.getAttribute("href");
  if (link) return `${at.closest("[id]") ? `#${CSS.escape(at.closest("[id]").id)} ` : ""}a[href="${CSS.escape(link)}"]`;
  const label = at.getAttribute("aria-label");
  return label ? `${at.localName}[aria-label="${CSS.escape(label)}"]` : null;
}

function replace(part, fresh) {
  const folds = [...part.querySelectorAll("details[id]")].map(one => [one.id, one.open]);
  const scrolled = [...part.querySelectorAll("pre[aria-label]")].map(one => [one.getAttribute("aria-label"), one.scrollTop]);
  part.replaceChildren(...fresh.childNodes);
  for (const [id, open] of folds) document.getElementById(id)?.toggleAttribute("open", open);
  for (const [label, top] of scrolled) {
    const found = part.querySelector(`pre[aria-label="${CSS.escape(label)}"]`);
    if (found) found.scrollTop = top;
  }
}

async function renew(address) {
  const number = ++asked;
  let page;
  underWay += 1;
  try {
    const answer = await fetch(address);
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
    trouble.hidden = answer.ok;
  } catch {
    trouble.hidden = false;
    return;
  } finally {
    underWay -= 1;
  }
  // An older answer that comes late must not undo a newer one.
  if (number !== asked || !trouble.hidden) return;
  const before = chosenState();
  const focused = focusedPlace();
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (!fresh || shown.get(part.id) === fresh.innerHTML) continue;
    shown.set(part.id, fresh.innerHTML);
    replace(part, fresh);
  }
  if (focused && document.activeElement === document.body) document.querySelector(focused)?.focus({preventScroll: true});
  document.title = page.title;
  document.body.dataset.live = page.body.dataset.live;
  if (chosenState() !== before) showChosen();
}

const chosenNode = () => document.querySelector(".machine .chosen");
const chosenState = () => chosenNode()?.querySelector("a")?.getAttribute("href") ?? "";

function showChosen() {
  const node = chosenNode();
  const canvas = node?.closest(".canvas");
  if (!canvas) return;
  const [inside, frame] = [node.getBoundingClientRect(), canvas.getBoundingClientRect()];
  canvas.scrollBy(
    inside.x + inside.width / 2 - frame.x - frame.width / 2, inside.y + inside.height / 2 - frame.y - frame.height / 2);
}

document.addEventListener("click", event => {
  const link = event.target.closest("a[data-goes]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const address = link.getAttribute("href");
  history.pushState(null, "", address);
  renew(address);
});
addEventListener("popstate", () => renew(location.href));

setInterval(() => {
  // A slow answer is waited for: asking again would only make it slower.
  if (document.body.dataset.live === "yes" && !document.hidden && !underWay) renew(location.href);
}, Number(document.body.dataset.pause) * 1000);
remember();
showChosen();
