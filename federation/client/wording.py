"""The words that are agreed to. Changing one of them asks every player again (`consent.VERSION`).

They promise no more than docs/PRIVACY.md holds.
"""

TITLE = "Help the shared model improve?"

SENTENCES = (
    "If you say yes, your computer now and then works out, from the phrases you choose and from "
    "nothing else, how the shared model should change to suit your playing, and sends that change: "
    "a list of numbers.",
    "Your notes never leave this computer. Whoever runs the server could look at your numbers "
    "until they are added to those of at least 19 others; then they are deleted there.",
    "The numbers are limited in size, but they are not yet blurred enough to promise that nobody "
    "could ever learn anything about you from them.",
    "You can see the exact numbers first, pause whenever you like, and stop for good. What was "
    "already added to a sum cannot be taken out.",
)

DETAILS = (
    "What is sent: the change as numbers in half precision (one file below 300 kB), which version "
    "of the model it starts from, how much music it was made from in four coarse steps, and the "
    "version of Antiphon. With it goes a key made for this purpose alone, so that you can withdraw "
    "what you sent. The server sees your internet address while you are connected.",
    "What never leaves: notes, takes, audio, names of people, files or ports, tempo, time of day "
    "of your playing, anything about your hardware.",
    "When: at most once a day, only while you do not play and, unless you choose otherwise, only "
    "on mains power; never more often in a week than you allow.",
    "A privacy budget (epsilon) is counted where the server adds noise, and sending ends for good "
    "when yours is used up. Until enough people take part no noise is added, and the server says "
    "“not differentially private yet”.",
    "Every attempt is written to a log on this computer that you can read and copy. Stopping for "
    "good deletes it with everything else of sharing, and asks the server to forget this computer.",
    "You need not share to receive better versions, and saying no costs nothing.",
)

NEVER_LEAVES = (
    "notes", "takes and audio", "names of people, files and ports", "tempo",
    "the time of day at which you play", "anything about your hardware",
)  # fmt: skip

REVOKED = (
    "Sharing has ended and everything of it here is deleted. What was already added to a sum "
    "cannot be taken out. From now on nothing more is sent."
)
