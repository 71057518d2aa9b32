"""Numbers and handles in Chinese text, which writes no space before them."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_IS = r"(?:号码|号|码|是|为|[:：\s]){0,4}"
_END = r"(?![0-9A-Za-z])"


@recognizer("chinese_phone")
class ChinesePhone(Recognizer):
    """Chinese mobile numbers, and other numbers behind the word for telephone."""

    entity = "PHONE_NUMBER"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<=[\u4e00-\u9fff：:，,]\s?)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}{_END}", 0.8),
        Pattern(rf"(?:电话|手机|座机|热线|传真){_IS}(?P<value>\+?[\d(][\d() -]{{5,16}}\d){_END}", 0.8),
    )
    positives = ("手机号«13812345678»，谢谢", "电话：«010-62345678»", "联系«138 1234 5678»")
    negatives = ("一共13812345678901元", "电话打了三次")


@recognizer("chinese_identity")
class ChineseIdentity(Recognizer):
    """Chinese identity card numbers behind Chinese text."""

    entity = "NATIONAL_ID"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<=[\u4e00-\u9fff：:，,]\s?)[1-9]\d{{5}}(?:19|20)\d{{2}}[01]\d[0-3]\d\d{{3}}[\dX]{_END}", 0.9),
        Pattern(rf"身份证{_IS}(?P<value>\d{{15,17}}[\dX]){_END}", 0.8),
    )
    positives = ("身份证号«11010519491231002X»",)
    negatives = ("身份证办好了", "编号123456")


@recognizer("chinese_passport")
class ChinesePassport(Recognizer):
    """Passports and permits to travel behind their Chinese word."""

    entity = "PASSPORT"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?:护照|通行证|军官证){_IS}(?P<value>[A-Z]{{0,2}}\d{{7,12}}){_END}", 0.8),
    )
    positives = ("护照号«E12345678»过期",)
    negatives = ("护照办好了",)


@recognizer("chinese_tax_number")
class ChineseTaxNumber(Recognizer):
    """Unified social credit codes and tax numbers of firms behind their Chinese word."""

    entity = "TAX_ID"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?:信用代码|税号|识别号|执照){_IS}(?P<value>[0-9A-Z]{{15,18}}){_END}", 0.8),
    )
    positives = ("统一社会信用代码：«91110108MA01C8JT7A»",)
    negatives = ("税号还没有",)


@recognizer("chinese_account")
class ChineseAccount(Recognizer):
    """Bank cards and accounts behind their Chinese word."""

    entity = "ACCOUNT_ID"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?:银行卡|账号|账户|帐号|卡号|户头){_IS}(?P<value>\d(?:[ -]?\d){{9,20}}){_END}", 0.8),
        Pattern(rf"(?:安全码|校验码|CVV2?){_IS}(?P<value>\d{{3,4}}){_END}", 0.7),
        Pattern(rf"(?:工号|学号|会员|客户|订单|员工编?){_IS}(?P<value>[A-Z]{{0,4}}-?\d{{4,16}}){_END}", 0.6),
    )
    positives = ("银行卡号«6222020200112233445»", "安全码«338»")
    negatives = ("银行卡丢了2张",)


@recognizer("chinese_handle")
class ChineseHandle(Recognizer):
    """WeChat, QQ, Weibo and TikTok names behind their word."""

    entity = "USERNAME"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?:微信|微博|抖音|支付宝|QQ|用户名){_IS}(?P<value>[A-Za-z0-9_][\w.-]{{4,30}}){_END}", 0.7),
    )
    positives = ("微信号：«wang_xiaoming88»", "QQ号«123456789»")
    negatives = ("我用微信聊天",)


@recognizer("chinese_birth")
class ChineseBirth(Recognizer):
    """Dates of birth behind their Chinese word."""

    entity = "DATE_OF_BIRTH"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            r"(?:出生|生日|生于)[^\d\n]{0,8}(?P<value>(?:19|20)\d{2}(?:年\d{1,2}月\d{1,2}日|[-./]\d{1,2}[-./]\d{1,2}))",
            0.9,
        ),
        Pattern(r"(?P<value>(?:19|20)\d{2}年\d{1,2}月\d{1,2}日)(?=出生|生[。，]|生于)", 0.9),
    )
    positives = ("出生日期«1985年3月12日»", "他«1990年1月2日»出生")
    negatives = ("会议在2023年3月12日",)
