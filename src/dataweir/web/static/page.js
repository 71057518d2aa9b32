"use strict";
// Everything works without this file; it adds sliders to the what-if form and follows a run that is under way.
document.documentElement.classList.add("scripted");

// A run under way: its part of the page, and nothing else, is asked for again while somebody looks; when the run has
// ended, the whole page is.
const follow = async (part) => {
  const every = 1000 * Number(part.dataset.every);
  for (;;) {
    await new Promise((done) => setTimeout(done, every));
    if (document.hidden) continue;
    try {
      const answer = await fetch(part.dataset.live);
      if (!answer.ok || answer.redirected) return location.reload();
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (!fresh) return location.reload();
      part.replaceChildren(...fresh.childNodes);
    } catch {
      // no answer: the server may come back
    }
  }
};
const live = document.querySelector("[data-live]");
if (live) follow(live);

for (const form of document.querySelectorAll("form.whatif")) {
  const output = form.querySelector("output");
  let waiting = 0;
  const ask = async () => {
    const values = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) values.append(name, value);
    try {
      const answer = await fetch(`/scores.json?${values}`);
      const report = await answer.json();
      const guess = report.scores?.[form.dataset.kind]?.what_if;
      output.textContent = answer.ok && guess
        ? `would be ${guess.value.toFixed(3)} (${guess.low.toFixed(2)} to ${guess.high.toFixed(2)})`
        : report.error ?? "";
    } catch {
      output.textContent = "no answer";
    }
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "range") {
      const {easy, hard, scale} = event.target.dataset;
      const [from, to, share] = [Number(easy), Number(hard), Number(event.target.value)];
      const value = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
      event.target.parentElement.querySelector("input[name]").value = value.toPrecision(4);
    }
    clearTimeout(waiting);
    waiting = setTimeout(ask, 250);
  });
}
