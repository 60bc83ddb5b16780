// The shop's own script: it sets what a site with Chatra sets, and passes on what the visitor types about themselves.
"use strict";

const query = new URLSearchParams(location.search);
const visitor = document.getElementById("visitor");

window.ChatraID = document.body.dataset.chatraId;
window.ChatraSetup = { clientId: query.get("clientId"), groupId: query.get("groupId") };
window.ChatraIntegration = known();
window.Chatra = window.Chatra || function () {
  (window.Chatra.q = window.Chatra.q || []).push(arguments);
};

function known() {
  const typed = [...new FormData(visitor)].filter(([, value]) => value.trim());
  return Object.fromEntries(typed);
}

visitor.addEventListener("change", () => window.Chatra("setIntegrationData", known()));
visitor.addEventListener("submit", (event) => event.preventDefault());

document.getElementById("someone-else").addEventListener("click", () => {
  visitor.reset();
  localStorage.removeItem("chatra-simulator");
  window.ChatraIntegration = {};
  window.Chatra("restart");
});

window.Chatra("openChat", true);
