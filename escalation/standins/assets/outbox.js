// Keeps the page fresh without a flicker: what did not change is not touched, so focus, half-written words, open
// details and mail frames stay as they are. Without this script the page works too, with Reload.
"use strict";

const EVERY_MS = 1500;
const KEPT = new Set(["open", "value"]);
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function key(node) { return node.nodeType === 1 && node.id ? node.id : null; }

function morph(old, fresh) {
  if (old.nodeType !== 1) { if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue; return; }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    const settable = !(name === "value" && old.tagName === "INPUT" && old.type !== "hidden");
    if (settable && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (["TEXTAREA", "SELECT", "IFRAME"].includes(old.tagName)) return;
  if (old.tagName === "TIME") { tell(old); return; }
  const known = new Map([...old.childNodes].filter(key).map((node) => [node.id, node]));
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const same = key(next) ? known.get(next.id) : at && !key(at) && at.nodeName === next.nodeName ? at : null;
    if (!same) { old.insertBefore(next, at); retell(next); continue; }
    if (same === at) at = at.nextSibling; else old.insertBefore(same, at);
    morph(same, next);
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}

// An instant in the viewer's own zone, with UTC beside it.
function tell(element) {
  const instant = new Date(element.dateTime);
  const here = instant.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const utc = instant.toISOString().slice(11, 19);
  const words = `${here} (${zone}), ${utc} UTC`;
  if (element.textContent !== words) element.textContent = words;
}

function retell(node) {
  if (node.nodeType !== 1) return;
  if (node.tagName === "TIME") tell(node);
  for (const element of node.querySelectorAll("time")) tell(element);
}

async function page(url, options) {
  const answer = await fetch(url, { ...options, headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

let asked = 0;
async function refresh() {
  const mine = ++asked;
  try {
    const fresh = await page(location.href);
    if (mine !== asked) return;
    morph(document.querySelector("main"), fresh.querySelector("main"));
    document.title = fresh.title;
    document.querySelector("#fresh").textContent = "Refreshes by itself.";
  } catch {
    document.querySelector("#fresh").textContent = "The stand-ins do not answer; trying again.";
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answered = await page(form.action, { method: "POST", body });
    document.querySelector("#notice").textContent = answered.querySelector("#notice")?.textContent ?? "Not done.";
    for (const field of form.querySelectorAll("input[type=text], textarea")) field.value = "";
  } catch {
    document.querySelector("#notice").textContent = "Not sent: the stand-ins do not answer.";
  }
  refresh();
});

// The keypad of the telephone under the focus also takes the keys of the keyboard.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-9*#]$/.test(event.key)) return;
  const form = document.activeElement?.closest("article")?.querySelector("form.keypad");
  if (!form || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
  event.preventDefault();
  form.querySelector(`button[value="${event.key}"]`).click();
});

retell(document.body);
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
document.querySelector("#fresh").textContent = "Refreshes by itself.";
