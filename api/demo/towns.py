"""Where the demo season takes place: real towns, campuses, municipalities and counties.

Places are public facts: coordinates in degrees (EPSG:4326) of the town centre or the campus, municipality codes as in
force from 2024. How many schools a town gives the season is made up, so that they come to 390.
"""

from __future__ import annotations

from typing import NamedTuple


class Town(NamedTuple):
    """A town, its municipality, and how many lower and upper secondary schools of it take part."""

    name: str
    code: str
    municipality: str
    lat: float
    lon: float
    lower: int
    upper: int


class Campus(NamedTuple):
    """A study group site. `demand`: its share of the pupils; `supply`: mentors there, relative to demand.

    A supply of 1 can just serve everyone; most towns of the south-west and north have less.
    """

    name: str
    town: str
    institutions: str
    lat: float
    lon: float
    demand: int
    supply: float
    small_groups: bool = False


COUNTIES = {
    "03": "Oslo",
    "11": "Rogaland",
    "15": "Møre og Romsdal",
    "18": "Nordland",
    "31": "Østfold",
    "32": "Akershus",
    "33": "Buskerud",
    "34": "Innlandet",
    "39": "Vestfold",
    "40": "Telemark",
    "42": "Agder",
    "46": "Vestland",
    "50": "Trøndelag",
    "55": "Troms",
    "56": "Finnmark",
}

TOWNS = (
    Town("Oslo", "0301", "Oslo", 59.9139, 10.7522, 35, 18),
    Town("Bergen", "4601", "Bergen", 60.3913, 5.3221, 19, 10),
    Town("Trondheim", "5001", "Trondheim", 63.4305, 10.3951, 20, 9),
    Town("Kristiansand", "4204", "Kristiansand", 58.1467, 7.9956, 12, 6),
    Town("Stavanger", "1103", "Stavanger", 58.9700, 5.7331, 11, 7),
    Town("Sandnes", "1108", "Sandnes", 58.8517, 5.7361, 9, 4),
    Town("Tromsø", "5501", "Tromsø", 69.6489, 18.9551, 8, 4),
    Town("Ålesund", "1508", "Ålesund", 62.4722, 6.1549, 7, 4),
    Town("Haugesund", "1106", "Haugesund", 59.4138, 5.2680, 4, 3),
    Town("Porsgrunn", "4001", "Porsgrunn", 59.1405, 9.6561, 4, 2),
    Town("Grimstad", "4202", "Grimstad", 58.3405, 8.5934, 3, 2),
    Town("Halden", "3101", "Halden", 59.1248, 11.3875, 3, 2),
    Town("Gjøvik", "3407", "Gjøvik", 60.7957, 10.6916, 3, 2),
    Town("Narvik", "1806", "Narvik", 68.4385, 17.4273, 3, 2),
    Town("Kongsberg", "3303", "Kongsberg", 59.6689, 9.6502, 3, 2),
    Town("Ås", "3218", "Ås", 59.6644, 10.7917, 2, 2),
    Town("Horten", "3901", "Horten", 59.4172, 10.4834, 2, 2),
    Town("Skien", "4003", "Skien", 59.2096, 9.6090, 5, 2),
    Town("Arendal", "4203", "Arendal", 58.4615, 8.7725, 4, 2),
    Town("Sarpsborg", "3105", "Sarpsborg", 59.2839, 11.1097, 3, 2),
    Town("Fredrikstad", "3107", "Fredrikstad", 59.2181, 10.9298, 3, 2),
    Town("Moss", "3103", "Moss", 59.4340, 10.6577, 3, 2),
    Town("Ski", "3207", "Nordre Follo", 59.7195, 10.8350, 3, 2),
    Town("Sandvika", "3201", "Bærum", 59.8900, 10.5246, 5, 2),
    Town("Asker", "3203", "Asker", 59.8333, 10.4350, 4, 2),
    Town("Lillestrøm", "3205", "Lillestrøm", 59.9560, 11.0493, 4, 2),
    Town("Lørenskog", "3222", "Lørenskog", 59.9278, 10.9561, 2, 1),
    Town("Jessheim", "3209", "Ullensaker", 60.1420, 11.1750, 2, 1),
    Town("Drammen", "3301", "Drammen", 59.7439, 10.2045, 4, 3),
    Town("Hønefoss", "3305", "Ringerike", 60.1684, 10.2569, 1, 1),
    Town("Tønsberg", "3905", "Tønsberg", 59.2675, 10.4076, 3, 2),
    Town("Sandefjord", "3907", "Sandefjord", 59.1312, 10.2166, 3, 1),
    Town("Larvik", "3909", "Larvik", 59.0533, 10.0352, 2, 1),
    Town("Notodden", "4005", "Notodden", 59.5594, 9.2585, 1, 1),
    Town("Hamar", "3403", "Hamar", 60.7945, 11.0680, 2, 2),
    Town("Lillehammer", "3405", "Lillehammer", 61.1151, 10.4663, 2, 1),
    Town("Elverum", "3420", "Elverum", 60.8810, 11.5620, 1, 1),
    Town("Kongsvinger", "3401", "Kongsvinger", 60.1905, 11.9977, 1, 1),
    Town("Fagernes", "3451", "Nord-Aurdal", 60.9858, 9.2324, 1, 0),
    Town("Otta", "3437", "Sel", 61.7720, 9.5380, 1, 0),
    Town("Vennesla", "4223", "Vennesla", 58.2690, 7.9740, 2, 1),
    Town("Mandal", "4205", "Lindesnes", 58.0294, 7.4609, 2, 1),
    Town("Lyngdal", "4225", "Lyngdal", 58.1378, 7.0700, 1, 0),
    Town("Bryne", "1121", "Time", 58.7354, 5.6477, 2, 1),
    Town("Egersund", "1101", "Eigersund", 58.4514, 5.9997, 1, 1),
    Town("Kopervik", "1149", "Karmøy", 59.2826, 5.3073, 3, 1),
    Town("Leirvik", "4614", "Stord", 59.7798, 5.5005, 1, 1),
    Town("Kleppestø", "4627", "Askøy", 60.4090, 5.2270, 2, 1),
    Town("Knarvik", "4631", "Alver", 60.5450, 5.2830, 2, 1),
    Town("Voss", "4621", "Voss", 60.6280, 6.4150, 1, 1),
    Town("Førde", "4647", "Sunnfjord", 61.4522, 5.8572, 1, 1),
    Town("Florø", "4602", "Kinn", 61.5996, 5.0328, 1, 0),
    Town("Sogndal", "4640", "Sogndal", 61.2296, 7.1006, 1, 1),
    Town("Volda", "1577", "Volda", 62.1466, 6.0718, 1, 1),
    Town("Molde", "1506", "Molde", 62.7375, 7.1591, 2, 1),
    Town("Kristiansund", "1505", "Kristiansund", 63.1103, 7.7279, 1, 1),
    Town("Orkanger", "5059", "Orkland", 63.3000, 9.8500, 2, 1),
    Town("Stjørdal", "5035", "Stjørdal", 63.4688, 10.9170, 2, 1),
    Town("Levanger", "5037", "Levanger", 63.7464, 11.2996, 1, 1),
    Town("Steinkjer", "5006", "Steinkjer", 64.0149, 11.4954, 1, 1),
    Town("Namsos", "5007", "Namsos", 64.4662, 11.4957, 1, 0),
    Town("Røros", "5025", "Røros", 62.5746, 11.3840, 1, 0),
    Town("Oppdal", "5021", "Oppdal", 62.5943, 9.6911, 1, 0),
    Town("Mosjøen", "1824", "Vefsn", 65.8370, 13.1910, 1, 0),
    Town("Mo i Rana", "1833", "Rana", 66.3128, 14.1428, 1, 1),
    Town("Bodø", "1804", "Bodø", 67.2804, 14.4049, 2, 1),
    Town("Svolvær", "1865", "Vågan", 68.2342, 14.5683, 1, 0),
    Town("Harstad", "5503", "Harstad", 68.7986, 16.5415, 2, 1),
    Town("Finnsnes", "5530", "Senja", 69.2298, 17.9812, 1, 1),
    Town("Alta", "5601", "Alta", 69.9689, 23.2716, 1, 1),
    Town("Hammerfest", "5603", "Hammerfest", 70.6634, 23.6821, 1, 0),
    Town("Kirkenes", "5605", "Sør-Varanger", 69.7269, 30.0450, 1, 0),
)

# Postcodes of the towns; the larger ones have several, shared out among their schools in turn.
POSTCODES = {
    "Oslo": "0151 0251 0351 0451 0551 0651 0751 0851 0951 1051 1151 1251",
    "Bergen": "5003 5101 5221",
    "Trondheim": "7010 7050 7088",
    "Kristiansand": "4610 4630",
    "Stavanger": "4006 4021",
    "Sandnes": "4306",
    "Tromsø": "9008 9015",
    "Ålesund": "6002",
    "Haugesund": "5527",
    "Porsgrunn": "3916",
    "Grimstad": "4876",
    "Halden": "1767",
    "Gjøvik": "2815",
    "Narvik": "8514",
    "Kongsberg": "3611",
    "Ås": "1430",
    "Horten": "3187",
    "Skien": "3717",
    "Arendal": "4836",
    "Sarpsborg": "1706",
    "Fredrikstad": "1606",
    "Moss": "1530",
    "Ski": "1400",
    "Sandvika": "1337",
    "Asker": "1383",
    "Lillestrøm": "2000",
    "Lørenskog": "1470",
    "Jessheim": "2050",
    "Drammen": "3015",
    "Hønefoss": "3510",
    "Tønsberg": "3110",
    "Sandefjord": "3210",
    "Larvik": "3256",
    "Notodden": "3674",
    "Hamar": "2317",
    "Lillehammer": "2609",
    "Elverum": "2406",
    "Kongsvinger": "2211",
    "Fagernes": "2900",
    "Otta": "2670",
    "Vennesla": "4700",
    "Mandal": "4515",
    "Lyngdal": "4580",
    "Bryne": "4340",
    "Egersund": "4370",
    "Kopervik": "4250",
    "Leirvik": "5411",
    "Kleppestø": "5300",
    "Knarvik": "5914",
    "Voss": "5700",
    "Førde": "6800",
    "Florø": "6900",
    "Sogndal": "6856",
    "Volda": "6100",
    "Molde": "6413",
    "Kristiansund": "6509",
    "Orkanger": "7300",
    "Stjørdal": "7500",
    "Levanger": "7600",
    "Steinkjer": "7713",
    "Namsos": "7800",
    "Røros": "7374",
    "Oppdal": "7340",
    "Mosjøen": "8656",
    "Mo i Rana": "8622",
    "Bodø": "8006",
    "Svolvær": "8300",
    "Harstad": "9405",
    "Finnsnes": "9300",
    "Alta": "9510",
    "Hammerfest": "9600",
    "Kirkenes": "9900",
}

CAMPUSES = (
    Campus("Bergen", "Bergen", "HVL, UiB", 60.3690, 5.3510, 480, 0.62, True),
    Campus("Kristiansand", "Kristiansand", "UiA", 58.1637, 8.0030, 290, 0.72),
    Campus("Grimstad", "Grimstad", "UiA", 58.3342, 8.5770, 130, 1.05),
    Campus("Porsgrunn", "Porsgrunn", "USN Telemark", 59.1387, 9.6720, 180, 0.88, True),
    Campus("Halden", "Halden", "HiØ Østfold", 59.1290, 11.3530, 110, 1.30),
    Campus("Gjøvik", "Gjøvik", "NTNU", 60.7890, 10.6810, 140, 1.10),
    Campus("Tromsø", "Tromsø", "UiT", 69.6796, 18.9710, 240, 0.68),
    Campus("Narvik", "Narvik", "UiT", 68.4360, 17.4340, 80, 1.35),
    Campus("Ålesund", "Ålesund", "NTNU", 62.4722, 6.2350, 200, 0.80),
    Campus("Haugesund", "Haugesund", "HVL", 59.4080, 5.2790, 140, 0.95),
    Campus("Oslo Blindern", "Oslo", "UiO", 59.9400, 10.7217, 520, 0.66),
    Campus("Oslo Pilestredet", "Oslo", "OsloMet", 59.9213, 10.7336, 360, 0.85, True),
    Campus("Trondheim", "Trondheim", "NTNU", 63.4160, 10.4050, 440, 1.02, True),
    Campus("Stavanger", "Stavanger", "UiS", 58.9380, 5.6950, 320, 0.64),
    Campus("Sandnes", "Sandnes", "UiS", 58.8510, 5.7360, 200, 0.74),
    Campus("Kongsberg", "Kongsberg", "USN", 59.6640, 9.6440, 100, 1.20),
    Campus("Ås", "Ås", "NMBU", 59.6660, 10.7680, 150, 0.78),
    Campus("Horten", "Horten", "USN Vestfold", 59.3680, 10.4420, 130, 1.10),
)
