"use strict";
// Everything works without this file; it adds sliders to the what-if form and follows a run that is under way.
document.documentElement.classList.add("scripted");

const running = document.querySelector("[data-refresh]");
if (running) setTimeout(() => location.reload(), 1000 * Number(running.dataset.refresh));

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
