// Marks the first message of each day with the day's name, which the style sheet sets above it.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const DAY_MS = 24 * 60 * 60 * 1000;
  const lang = document.documentElement.lang || undefined;
  const near = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  const far = new Intl.DateTimeFormat(lang, { dateStyle: "full" });

  const startOf = (moment) => new Date(moment).setHours(0, 0, 0, 0);

  function nameOf(moment) {
    const daysAgo = Math.round((startOf(deskbell.now()) - startOf(moment)) / DAY_MS);
    const name = daysAgo < 2 ? near.format(-Math.max(0, daysAgo), "day") : far.format(moment);
    return name.charAt(0).toLocaleUpperCase(lang) + name.slice(1);
  }

  function mark() {
    let day = null;
    for (const message of document.querySelectorAll("#conversation .thread .message")) {
      const said = Date.parse(message.querySelector("time").dateTime);
      if (startOf(said) === day) message.removeAttribute("data-day");
      else message.setAttribute("data-day", nameOf(said));
      day = startOf(said);
    }
  }

  for (const moment of ["DOMContentLoaded", "htmx:after:swap", "deskbell:outbox"]) {
    document.addEventListener(moment, mark);
  }
})();
