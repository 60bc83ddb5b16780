// "3 new": says that chats have come to a part of the list that is scrolled away, instead of moving the list.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const unseen = new Set(); // row ids
  let known = null;

  const button = () => document.getElementById("chat-news");
  const find = (id) => document.getElementById(id);

  function show() {
    for (const id of unseen) if (!find(id)) unseen.delete(id);
    if (!button()) return;
    button().hidden = unseen.size === 0;
    if (unseen.size) button().textContent = deskbell.fill(button().dataset.text, { count: unseen.size });
  }

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) unseen.delete(target.id);
      else if (target.isConnected) unseen.add(target.id);
      if (isIntersecting || !target.isConnected) observer.unobserve(target);
    }
    show();
  });

  function look() {
    if (!button()) return;
    const rows = deskbell.chatList.rows().filter((row) => deskbell.chatList.sectionOf(row) === "new");
    const ids = new Set(rows.map((row) => row.id));
    const came = known ? rows.filter((row) => !known.has(row.id) || unseen.has(row.id)) : [];
    came.forEach((row) => observer.observe(row));
    known = ids;
    for (const id of unseen) if (!ids.has(id)) unseen.delete(id);
    show();
  }

  document.addEventListener("deskbell:listed", look);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#chat-news")) return;
    const first = find([...unseen][0]);
    first.closest("details").open = true;
    first.scrollIntoView({ block: "center" });
    first.querySelector("a").focus();
  });
})();
