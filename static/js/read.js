// Tells the server that the agent has the replies of their own chat before their eyes.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  let told = "";

  async function tell(row) {
    const { case: id, rev } = row.dataset;
    if (told === `${id} ${rev}`) return;
    told = `${id} ${rev}`;
    try {
      await deskbell.post(`/chats/${id}/read`);
    } catch (error) {
      told = ""; // the next change of the list tries again
    }
  }

  function look() {
    if (document.hidden) return;
    const row = deskbell.chatList.rows().find(deskbell.chatList.isOpen);
    if (row && deskbell.chatList.sectionOf(row) === "mine" && Number(row.dataset.unread)) tell(row);
  }

  document.addEventListener("deskbell:listed", look);
  document.addEventListener("visibilitychange", look);
})();
