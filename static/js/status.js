// The question that an offline agent has to answer: it cannot be closed in another way.
(() => {
  "use strict";

  function ask() {
    const dialog = document.getElementById("status-dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  document.addEventListener("cancel", (event) => event.target.id === "status-dialog" && event.preventDefault(), true);
  document.addEventListener("htmx:after:swap", ask);
  document.addEventListener("DOMContentLoaded", ask);
})();
