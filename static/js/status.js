// The question that an offline agent has to answer: it cannot be closed in another way.
(() => {
  "use strict";

  function ask() {
    const dialog = document.getElementById("status-dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  document.addEventListener("cancel", (event) => event.target.id === "status-dialog" && event.preventDefault(), true);
  // A browser lets a second Escape through: the question stands until it is answered.
  document.addEventListener("close", (event) => event.target.id === "status-dialog" && setTimeout(ask, 0), true);
  document.addEventListener("htmx:after:swap", ask);
  document.addEventListener("DOMContentLoaded", ask);
})();
