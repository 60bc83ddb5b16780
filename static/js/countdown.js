// Warns before a silent chat ends: red in the list, "ends in 1:48" and "+5 min" beside Send in the open chat.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  let announced = ""; // the deadline that was read out

  const secondsLeft = (element) => Math.max(0, Math.round((Date.parse(element.dataset.ends) - deskbell.now()) / 1000));
  const isNear = (element) => secondsLeft(element) <= Number(document.body.dataset.warning) * 60;
  const asClock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function announce(bar, words) {
    const deadline = `${bar.dataset.case} ${bar.dataset.ends}`;
    if (announced === deadline) return;
    announced = deadline;
    deskbell.announce(words);
  }

  function show(bar) {
    const countdown = bar.querySelector(".countdown");
    if (!countdown) return;
    countdown.hidden = !isNear(bar);
    if (countdown.hidden) return;
    const place = countdown.querySelector(".countdown-text");
    const words = deskbell.fill(place.dataset.text, { time: asClock(secondsLeft(bar)) });
    if (place.textContent !== words) place.textContent = words;
    announce(bar, words);
  }

  function update() {
    document.querySelectorAll(".chat-row").forEach((row) => row.classList.toggle("ending", isNear(row)));
    document.querySelectorAll(".chat-bar").forEach(show);
  }

  for (const moment of ["deskbell:tick", "htmx:after:swap"]) document.addEventListener(moment, update);
})();
