"use strict";
// The page works without this file. It shows the nearest questions while somebody types; nothing is recorded by that.
(() => {
  const form = document.querySelector("form.ask");
  const box = document.getElementById("q");
  const found = document.getElementById("found");
  if (!form || !box || !found) return;
  let timer = 0;
  let asked = "";
  let running = null;

  const show = (text, entries) => {
    const note = document.createElement("p");
    note.className = "quiet";
    note.textContent = entries.length ? form.dataset.some : form.dataset.none;
    const list = document.createElement("ul");
    list.className = "list";
    for (const one of entries) {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = `${form.dataset.entry}${encodeURIComponent(one.id)}?lang=${form.dataset.lang}&q=${encodeURIComponent(text)}`;
      link.textContent = one.question;
      line.append(link);
      list.append(line);
    }
    found.replaceChildren(note, list);
  };

  const look = async () => {
    const text = box.value.trim().slice(0, 200);
    if (text === asked) return;
    asked = text;
    if (running) running.abort();
    if (text.length < 2) { found.replaceChildren(); return; }
    running = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.suggest}&q=${encodeURIComponent(text)}`, { signal: running.signal });
      if (answer.ok && text === asked) show(text, (await answer.json()).entries);
    } catch { /* the next letter tries again */ }
  };

  box.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
  box.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(look, 120); });
})();
