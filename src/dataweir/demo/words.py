"""The words of the week: names, streets, browsers, goods, and the sentences that comments and tickets are made of.

A sentence is a template whose `{slots}` are filled from the lists of SLOTS, again until none is left, so that a
few dozen templates make texts that hardly ever share five words in a row by chance.
"""

from __future__ import annotations

from importlib.resources import files

import yaml

from .dice import Dice

_LISTS = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text(encoding="utf-8"))

FIRST_NAMES: list[str] = _LISTS["first_names"]
LAST_NAMES: list[str] = _LISTS["last_names"]
HANDLE_HEADS: list[str] = _LISTS["handle_heads"]
HANDLE_TAILS: list[str] = _LISTS["handle_tails"]
STREETS: list[str] = _LISTS["streets"]
CITIES: list[str] = _LISTS["cities"]
CATEGORIES: list[str] = _LISTS["categories"]
SLOTS: dict[str, tuple[str, ...]] = {
    **{name: tuple(words) for name, words in _LISTS["slots"].items()},
    "n": tuple(str(n) for n in range(2, 90)),
    "price": tuple(f"{n}.{c}" for n in range(9, 120, 3) for c in ("00", "50", "90", "95")),
}

AGENTS: tuple[tuple[str, int], ...] = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
        "Safari/537.36",
        30,
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.6 Mobile/15E148 Safari/604.1",
        24,
    ),
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
        "Safari/537.36",
        22,
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Safari/605.1.15",
        12,
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", 7),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", 6),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 "
        "Safari/537.36 Edg/139.0.0.0",
        5,
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 "
        "Mobile/15E148 Safari/604.1",
        3,
    ),
)

BOTS: tuple[tuple[str, int], ...] = (
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 30),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 18),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 14),
    ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", 12),
    ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", 8),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        8,
    ),
    ("DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", 5),
    ("CCBot/2.0 (https://commoncrawl.org/faq/)", 5),
)

OPINIONS = (
    "{hedge} the {item} is {adj} {join} the {part} {fault} {time}.",
    "I bought the {item} for {price} {use} {join} I am {mood} about it {time}.",
    "Compared with {rival} the {part} of this {item} feels {adj}, {join} {who} says the same.",
    "Does anybody else find that the {part} {fault} when you use the {item} {where}?",
    "My advice after {n} months {where}: {act}, then {act}, and forget {rival}.",
    "{who} gave me {rival} in {month} {join} I still reach for the {item} {use}.",
    "We keep two of them {where}, one {item} that is {adj} and another whose {part} {fault} {time}.",
    "At {price} I expected worse {join} the {part} turned out {adj}.",
    "You should {act} {join} the {part} of every {item} {fault} sooner or later.",
    "Tried it {use}, tried it {where}, {mood} both times {join} {rival} did no better.",
    "No idea why they changed the {part} in {month}; the old {item} was {adj} {join} cost {price}.",
    "{hedge} {who} would rather {act} than admit that the {item} {fault}.",
    "The {day} delivery took {n} hours {join} the {item} came with a {part} that {fault}.",
    "I measured it: {n} grams lighter than {rival}, {n} percent off in {month}, and still {adj}.",
    "If you plan to use a {item} {use}, {act} first {join} you will be {mood}.",
    "Someone {where} told me to {act}; {time} I was {mood}.",
    "{item} or {item}, the {part} is what matters {use}, {join} both are {adj}.",
    "What I like is the {part}, what I do not like is how it {fault} {time} {where}.",
    "Returned mine on {day} {join} the refund of {price} came {time}.",
    "Has {who} ever seen a {item} this {adj} for only {price}?",
)

QUIPS = ("This.", "Same here.", "Thanks!", "Nope.", "Why though?", "lol", "Agreed.", "Source?", "+1", "Nice.")
"""Comments so short that repeating one says nothing: never planted as duplicates."""

PROBLEMS = (
    "My order SO-{order} was due on {day} {join} only the {part} of the {item} arrived.",
    "The {item} I received {time} is {adj}, {join} its {part} {fault}.",
    "I was charged {price} instead of {price} for the {item} {join} nobody could explain it.",
    "Your site logged me out {n} times while I tried to pay for the {item} {use}.",
    "I would like to return the {item} from order SO-{order} since the {part} {fault} {time}.",
    "The discount of {n} percent promised in {month} was not applied to order SO-{order}.",
    "{who} ordered a {item} to be used {where}, {join} the parcel was left {where}.",
    "Could you tell me whether the {part} of the {item} can be replaced, {join} at what price?",
    "The courier says order SO-{order} was delivered {where}, {join} there is nothing {where}.",
    "Please cancel the second {item} of order SO-{order}; {who} had ordered one {time}.",
)

DETAILS = (
    "I already tried to {act} {join} the {part} {fault} again {time}.",
    "It worked {use} until {day}, {join} then the {part} {fault}.",
    "The last answer I had from you came {time} {join} I am {mood}.",
    "Photos are attached: one {where}, one of the {part}, one of the box it came in.",
    "I paid {price} {join} {rival} would have cost me half.",
    "For the record, {who} saw the {part} before it {fault} {where}.",
    "If a repair is possible I can {act} first; otherwise I would take {rival} instead.",
    "A replacement by {day} would do, {join} the {item} is needed {use}.",
)

SUBJECTS = (
    "Problem with my {item}",
    "Order SO-{order}: {part} missing",
    "Refund of {price}",
    "Question about the {item}",
    "Late delivery, {day}",
    "Wrong price for {item}",
    "Re: Your message from {day}",
)

CONFIDENCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("You can write to me at {} any time.", ("EMAIL",)),
    ("Best reached by phone: {} before noon.", ("PHONE",)),
    ("Mail {} or call {} if that helps.", ("EMAIL", "PHONE")),
    ("The card I used was {} if you need it.", ("CREDIT_CARD",)),
    ("Please refund to IBAN {} this time.", ("IBAN",)),
    ("They even asked for my social security number, {} by the way.", ("US_SSN",)),
    ("The router log shows the address {} at that hour.", ("IP_ADDRESS",)),
    ("The smart plug (MAC {}) was switched on.", ("MAC_ADDRESS",)),
    ("My personal link is https://shop.example.com/reset?token={} and it fails.", ("URL_TOKEN",)),
    ("Tips welcome at {} as always.", ("CRYPTO",)),
    ("Our integration uses the key {} and gets refused.", ("API_KEY",)),
    ("For the pharmacy order my NHS number is {} as printed.", ("UK_NHS",)),
    ("Date of birth: {} for the age check.", ("DATE_OF_BIRTH",)),
    ("I am @{} over there, say hello.", ("USERNAME",)),
    ("We are camped at {} this week.", ("GPS",)),
    ("Please deliver to {} instead.", ("STREET_ADDRESS",)),
)
"""Sentences that give something away, and the kinds of what they hold."""

TAILS = (
    "Thanks in advance.",
    "Anyway, curious what others think.",
    "Edit: fixed a typo.",
    "Your mileage may vary.",
    "Happy to be corrected.",
    "End of rant.",
    "Hope this helps somebody.",
)
"""What people add when they post a text a second time."""


class _Filler(dict[str, str]):
    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def __missing__(self, slot: str) -> str:
        if slot == "order":
            return str(self.dice.between(100_000, 999_999))
        return self.dice.pick(SLOTS[slot])


def fill(dice: Dice, template: str) -> str:
    """Fill the slots of a template, and those that the fillings bring with them; begin with a capital."""
    text = template.format_map(_Filler(dice))
    while "{" in text:
        text = text.format_map(_Filler(dice))
    return text[0].upper() + text[1:]
