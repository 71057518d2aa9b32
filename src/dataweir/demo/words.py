"""The words of the week: names, streets, browsers, goods, and the sentences that comments and tickets are made of.

A sentence is a template whose `{slots}` are filled from the lists of SLOTS, again until none is left, so that a
few dozen templates make texts that hardly ever share five words in a row by chance.
"""

from __future__ import annotations

from .dice import Dice

FIRST_NAMES = (
    "Adaeze Agnes Alastair Alessia Amélie Anneliese Ansgar Aurélie Beatrix Benedikt Birgit Bogdan Brigida Callum "
    "Camille Catarina Céline Chiara Cordelia Cornelius Dagmar Dominika Eckhart Edwina Eleanor Emeka Esperanza "
    "Étienne Fatoumata Ferdinand Fiorella Florian Françoise Gaëlle Gerlinde Giovanni Gwendolyn Hannelore Hildegard "
    "Imogen Ingeborg Isadora Jaroslav Joaquín Jürgen Katarzyna Konstantin Leopold Lieselotte Ludovic Magdalena "
    "Małgorzata Marguerite Matthias Mireille Nathaniel Noémie Octavia Ottilie Perpetua Philippa Radosław Renée "
    "Rosalind Salvatore Séverine Siobhan Svetlana Tancredi Théodore Ulrike Valentina Wilhelmina Xiomara Yevgenia Zoë"
).split()

LAST_NAMES = (
    "Abernathy Achterberg Adeyemi Albrecht Almqvist Anstruther Arrieta Baumgartner Beaulieu Bellweather Bergström "
    "Blackwood Bonhomme Brückner Calloway Castellano Chaudhary Cholmondeley Czerwinski Dalgaard Delacroix Dietrich "
    "Duchamp Ekström Fairweather Falkenrath Featherstone Fernández Fitzgerald Fontaine Galbraith Garibaldi Gottlieb "
    "Grünewald Haverford Heidenreich Hollingsworth Hughes-Price Iwanowski Jablonski Jørgensen Kettering Kirchner "
    "Kowalczyk Krämer Lachance Lindqvist Lombardi Lönnrot MacAllister Marchetti Mehlhorn Mirzoyan Montague "
    "Mühlbauer Nakagawa Nørgaard O'Sullivan Okonkwo Oppenheim Ostrowski Papadakis Pemberton Petrović Pfeiffer "
    "Quennell Rasmussen Rochefort Rosenthal Sandoval Santangelo Schönfeld Sigurdsson Skarsgaard Sørensen Stanhope "
    "Szymanski Thibault Thornbury Treadwell Underhill Vandenberg Villanueva Wakefield Weatherby Wojciechowski "
    "Yamashita Zeller-Brandt Zimmermann"
).split()

HANDLE_HEADS = (
    "amber brisk copper dapper eager fuzzy gentle hasty ivory jolly keen lunar mellow nimble olive plucky quiet "
    "rusty silver tidy umber velvet witty yonder zesty"
).split()
HANDLE_TAILS = (
    "otter kettle falcon biscuit walnut badger lantern pebble thistle saffron willow magpie cobbler harbor juniper "
    "meadow nutmeg paddock quarry raven sparrow tundra weaver acorn beacon"
).split()

STREETS = (
    "Juniper Crescent|Old Mill Lane|Harbour View Road|Lindenstrasse|Rue des Tilleuls|Kastanienallee|Foundry Street|"
    "Saint Brannock Avenue|Quai des Brumes|Wetherby Gardens|Orchard Hill Drive|Birkenweg|Copper Beech Close|"
    "Avenue du Moulin|Larkspur Terrace|Steinbruchweg"
).split("|")
CITIES = (
    "Northgate 40271|Ashcombe AX4 7QZ|Oberfeldkirch 99991|Saint-Aubin-les-Prés 00310|Millhaven 55903|"
    "Westerby WB9 1ZZ|Neu Sandau 98765|Port Marron 00142"
).split("|")

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
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", 8),
    ("DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", 5),
    ("CCBot/2.0 (https://commoncrawl.org/faq/)", 5),
)

CATEGORIES = (
    "kettles teapots cups coffee-makers grinders breads knives boards linen lamps garden-tools candles"
).split()

SLOTS: dict[str, tuple[str, ...]] = {
    "item": tuple(
        (
            "enamel kettle|cast-iron teapot|walnut board|bread knife|linen apron|desk lamp|burr grinder|pour-over "
            "stand|copper pan|herb planter|beeswax candle|oak stool|wool blanket|salt cellar|pepper mill|milk jug|"
            "butter dish|cake tin|proofing basket|pizza stone|garden fork|pruning saw|seed tray|watering can|"
            "storm lantern|reading light|tea strainer|moka pot|espresso cup|soup bowl|serving tray|spice rack|"
            "jam jar set|egg timer|kitchen scale|whetstone|paring knife|rolling pin|picnic basket|door mat"
        ).split("|")
    ),
    "part": tuple(
        (
            "lid|handle|spout|hinge|base plate|gasket|finish|cord|dial|switch|screw thread|rim|glaze|blade|strap|"
            "filter|spring|wick|foot|lining|stitching|label|box|manual|spare seal"
        ).split("|")
    ),
    "fault": tuple(
        (
            "came loose|cracked|started to rust|wobbles|leaks a little|smells of glue|arrived bent|peeled off|got "
            "stuck|buzzes|went dull|snapped clean off|faded|warped|split along the grain|turned brown|no longer "
            "closes|lost its shine|flickers|chipped"
        ).split("|")
    ),
    "time": tuple(
        (
            "after {n} days|within a week|on the first morning|after about {n} uses|since last {month}|over the "
            "winter|the moment I unpacked it|halfway through {day}|after one wash|in less than {n} hours|before "
            "the guests arrived|around {day} noon|in the second month|by {month}"
        ).split("|")
    ),
    "n": tuple(str(n) for n in range(2, 90)),
    "price": tuple(f"{n}.{c}" for n in range(9, 120, 3) for c in ("00", "50", "90", "95")),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "month": ("January", "March", "April", "June", "July", "August", "September", "November"),
    "mood": tuple(
        (
            "surprised|rather pleased|a bit annoyed|quite happy|puzzled|delighted|disappointed|not convinced|on the "
            "fence|grateful|tired of this|impressed|amused|sceptical|relieved|out of patience"
        ).split("|")
    ),
    "adj": tuple(
        (
            "sturdy|flimsy|heavier than it looks|beautifully made|overpriced|honest|clever|fiddly|charming|noisy|"
            "surprisingly light|solid|plain|well balanced|awkward|handsome|dependable|cheap in the bad sense|lovely|"
            "underrated|bulky|elegant"
        ).split("|")
    ),
    "who": tuple(
        (
            "my sister|my neighbour|a friend at work|my landlord|the courier|my grandmother|our eldest|the man at "
            "the counter|my flatmate|my brother-in-law|a colleague from accounts|the lady next door|our cook|my son"
        ).split("|")
    ),
    "where": tuple(
        (
            "in the garden|on the balcony|at the cabin|in our tiny kitchen|on the boat|at the office|in the shed|"
            "by the window|on a camping trip|in the student flat|at the allotment|next to the stove|in the hallway"
        ).split("|")
    ),
    "act": tuple(
        (
            "descale it with vinegar|oil the wood twice a year|tighten the lower screw|wash it by hand|keep it away "
            "from the dishwasher|store it upside down|sand the edge lightly|warm it slowly|let it dry overnight|"
            "replace the seal|ask for the older model|buy the larger size|season it with flaxseed oil|leave the lid "
            "open|sharpen it on the fine side|wrap it in newspaper"
        ).split("|")
    ),
    "rival": tuple(
        (
            "the supermarket one|the Danish original|my old one|the one from the flea market|the steel version|what "
            "the big store sells|the previous edition|the fancy Japanese one|anything under twenty|the glass kind"
        ).split("|")
    ),
    "use": tuple(
        (
            "for Sunday breakfast|for sourdough|for loose-leaf tea|when the power is out|for herbs and chillies|for "
            "long evenings|as a wedding present|every single morning|for the school fair|whenever guests stay over|"
            "for pickling|on camp stoves|for slow stews"
        ).split("|")
    ),
    "hedge": tuple(
        (
            "Honestly,|To be fair,|For what it is worth,|Perhaps it is just me, but|As far as I can tell,|In my "
            "experience|If memory serves,|Unpopular opinion:|Small update:|Not to argue, but|Speaking as an owner,|"
            "On reflection,|Funny enough,|Curiously,"
        ).split("|")
    ),
    "join": tuple(
        (
            "and|but|so|although|because|while|which is odd since|and yet|even though|just as"
        ).split("|")
    ),
}

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
