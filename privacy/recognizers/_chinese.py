"""Names of people and places in Chinese, which writes no spaces and no capitals."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from ..contract import Match
from ..gazetteers import everyday_words, given_names, places

_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤])"
)
_NAME = rf"{_SURNAME}[\u4e00-\u9fff]{{1,2}}"
_TITLE = "先生|女士|小姐|老师|教授|医生|大夫|律师|经理|主任|总裁|董事长|局长|市长|省长|书记|校长|院长|同学|师傅|阿姨|叔叔|记者|导演"
_LABEL = (
    "姓名|户名|联系人|收货人|收件人|寄件人|法定代表人|法人代表|代表人|负责人|申请人|经办人|被告人?|原告|当事人|证人|嫌疑人|患者|病人|车主|业主|房东|租客"
    "|客户|用户|乘客|员工|学生|家长|老师|教授|医生|大夫|律师|经理|主任|同事|同学|朋友|邻居|丈夫|妻子|老公|老婆|儿子|女儿|爸爸|妈妈|哥哥|姐姐|弟弟|妹妹"
)
_FOLLOWS = r"(?=$|[^\u4e00-\u9fff]|[的是说和与在了住对给把被向从去来也都就将已有没很正要想会让问找跟同因于为及等先女男老]|表示|认为)"
_BEFORE = re.compile(
    rf"(?:我叫|名叫|叫做|我是|名为|演员|歌手|导演|主席|总理|总统|作家|(?:{_LABEL})(?:名字)?[是为叫]?[:：]?\s?)({_NAME}?){_FOLLOWS}"
)
_AFTER = re.compile(
    rf"(?:(?<![\u4e00-\u9fff])|(?<=[是为和与由给找向对请跟让被把叫、位]))({_SURNAME}[\u4e00-\u9fff]{{0,2}}?)(?={_TITLE})"
)
_NICK = re.compile(
    rf"(?<![\u4e00-\u9fff大])([小老阿]{_SURNAME})(?=[说没去也和与在就是的来给让找跟请，。！？、:：,\s]|告诉|$)"
)
_ALONE = re.compile(rf"(?:(?<![\u4e00-\u9fff\w])|(?<=[、和与]))({_NAME})(?=$|[、，。！？:：\s,!?]|说|表示|认为)")


_KNOWN = re.compile(rf"{_SURNAME}(?=([\u4e00-\u9fff]{{2}}))[\u4e00-\u9fff]{{2}}")


@functools.cache
def _given() -> frozenset[str]:
    """Return known given names of two characters, less those that are words of every day."""
    return frozenset(n for n in given_names() if len(n) == 2 and "\u4e00" <= n[0] <= "\u9fff") - everyday_words("zh")


def people(text: str) -> Iterator[Match]:
    """Yield names behind a word of calling, before a title, alone between signs, or of a known given name anywhere."""
    for match in _KNOWN.finditer(text):
        if match[1] in _given() and text[match.start() : match.end()] not in _places()[0]:
            yield Match(match.start(), match.end(), 0.6)
    for pattern, score in ((_BEFORE, 0.8), (_AFTER, 0.7), (_ALONE, 0.5), (_NICK, 0.45)):
        for match in pattern.finditer(text):
            if match[1]:
                yield Match(match.start(1), match.end(1), score)


@functools.cache
def _places() -> tuple[frozenset[str], int]:
    known = frozenset(name for name in places() if "\u4e00" <= name[0] <= "\u9fff")
    return known, max(map(len, known))


def locations(text: str) -> Iterator[Match]:
    """Yield names of places, the longest at each character."""
    known, longest = _places()
    at = 0
    while at < len(text):
        if "\u4e00" <= text[at] <= "\u9fff":
            size = next((n for n in range(longest, 1, -1) if text[at : at + n] in known), 0)
            if size:
                yield Match(at, at + size, 0.6)
                at += size
                continue
        at += 1
