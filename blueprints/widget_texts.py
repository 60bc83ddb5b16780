"""What the widget says, in the language of the present locale."""

from __future__ import annotations

from flask_babel import gettext

from config import LANGUAGES


def language_for(wanted: str) -> str:
    """The language to speak to a page that asks for this one: a tag such as "ru-RU", else English."""
    language = wanted.replace("_", "-").split("-")[0].casefold()
    return language if language in LANGUAGES else "en"


def texts() -> dict[str, str]:
    """Every sentence of the widget. Words in braces are filled in by the browser."""
    return _frame() | _composer() | _thread() | _away()


def _frame() -> dict[str, str]:
    return {
        "title": gettext("Chat with us"),
        "open": gettext("Open chat"),
        "close": gettext("Close chat"),
        "unread": gettext("Unread messages: {count}"),
        "welcome": gettext("Hello! Write to us, we answer right here."),
        "with": gettext("You are talking with {name}"),
        "place": gettext("You are number {place} in line"),
        "reconnecting": gettext("Reconnecting… your messages are kept"),
        "not_loaded": gettext("The chat could not be loaded. Check your connection and try again."),
    }


def _composer() -> dict[str, str]:
    return {
        "name": gettext("Your name"),
        "name_missing": gettext("Please tell us your name."),
        "email": gettext("E-mail (optional)"),
        "email_wrong": gettext("Enter an e-mail address such as name@example.com."),
        "message": gettext("Message"),
        "placeholder": gettext("Write a message…"),
        "message_missing": gettext("Write something first."),
        "message_long": gettext("At most {most} characters fit; this has {given}."),
        "send": gettext("Send"),
        "attach": gettext("Attach files"),
        "remove": gettext("Remove {name}"),
        "file_large": gettext("{name} is too large: at most 25 MB fit."),
        "files_large": gettext("Together these files are too large: at most 50 MB fit."),
        "files_many": gettext("Send at most 5 files at once."),
        "file_empty": gettext("{name} is empty."),
    }


def _away() -> dict[str, str]:
    """While nobody is there."""
    return {
        "away_form": gettext("Nobody is here at the moment. Leave us a message, and we will get in touch with you."),
        "away_sent": gettext("We have your message and will get in touch at {email}."),
        "away": gettext("Nobody is here at the moment."),
        "away_kept": gettext("Nobody is here at the moment. What you write is kept, and we will answer."),
        "away_reach": gettext("Leave your e-mail, so that we can reach you if you have to go:"),
        "away_noted": gettext("We will get in touch at {email} if you have to go."),
        "your_email": gettext("E-mail"),
        "send_form": gettext("Send message"),
        "save": gettext("Save"),
        "left": gettext("We have your message. Write here to talk about it now."),
    }


def _thread() -> dict[str, str]:
    return {
        "messages": gettext("Messages"),
        "you": gettext("You"),
        "bot": gettext("Automatic reply"),
        "sending": gettext("Sending…"),
        "sent": gettext("Sent"),
        "not_sent": gettext("Not sent."),
        "again": gettext("Try again"),
        "delete": gettext("Delete"),
        "edited": gettext("edited"),
        "deleted": gettext("Message deleted"),
        "files_lost": gettext("The page was left before the files were sent. Attach them again."),
        "typing": gettext("{name} is writing…"),
        "new": gettext("New messages"),
        "ended": gettext("This chat has ended. Write to continue it."),
        "closed": gettext("This chat has ended. Write to start a new one."),
    }
