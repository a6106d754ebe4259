"use strict";
// Everything on the page works without this file. It saves a tick without loading the page anew, and tells that somebody is at work.
(() => {
  const area = () => document.getElementById("checklist");
  let touched = false;
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, () => { touched = true; }, { passive: true });
  }

  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("checklist");
    if (!fresh || !area()) return null;
    area().replaceWith(fresh);
    return fresh;
  };

  const focus = (fresh, line) => {
    const alert = fresh.querySelector("[role=alert]");
    const place = alert || document.getElementById(`line-${fresh.dataset.next}`) || document.getElementById(`line-${line}`);
    const first = alert || (place && place.querySelector("input:not([type=hidden]), select, button[value=tick]")) || place;
    if (first) first.focus({ preventScroll: false });
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.closest("#checklist") || "whole" in form.dataset || !button || button.value === "forget") return;
    event.preventDefault();
    const data = new URLSearchParams(new FormData(form));
    data.set(button.name, button.value);
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: data });
      const fresh = show(await answer.text());
      if (!fresh) { location.reload(); return; }
      focus(fresh, data.get("line"));
    } catch {
      button.disabled = false;
      form.dataset.whole = "";
      form.requestSubmit(button);
    }
  });

  setInterval(() => {
    if (!touched || document.visibilityState !== "visible" || !area() || !("mine" in area().dataset)) return;
    touched = false;
    const body = new URLSearchParams({ verb: "heartbeat", step: area().dataset.step });
    fetch(`${location.pathname}/checklist`, { method: "POST", body }).catch(() => {});
  }, 60000);

  // What a colleague does meanwhile is shown, unless somebody is typing.
  setInterval(async () => {
    if (document.visibilityState !== "visible" || !area() || area().querySelector("details[open]")) return;
    if (area().contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return;
    if ([...area().querySelectorAll("input[type=text]")].some((field) => field.value !== field.defaultValue)) return;
    try {
      const text = await (await fetch(location.href)).text();
      const there = new DOMParser().parseFromString(text, "text/html").getElementById("checklist");
      if (!there) location.reload();
      else if (there.dataset.seq !== area().dataset.seq) area().replaceWith(there);
    } catch { /* the next round tries again */ }
  }, 20000);
})();
