"""What the notice of a listing and its lifting say."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from sizao.govern.hazards.kinds import kinds
from sizao.govern.hazards.listing import LEVELS
from sizao.govern.hazards.records import GRADES
from sizao.web.hazards.models import Hazard
from sizao.web.listings.documents.official import Official, Sheet, numbered, zh_date
from sizao.web.listings.models import Listing, Office


def _where(hazard: Hazard) -> str:
    return hazard.place or hazard.junction or hazard.enterprise


def _local(at) -> date:
    return timezone.localtime(at).date()


def notice(listing: Listing, office: Office, number: str, day: date) -> Official:
    """督办通知: what is wrong, who has to do what until when, what protects meanwhile."""
    hazard = listing.hazard
    level = LEVELS[listing.level][0]
    kind = kinds()[hazard.kind].zh
    where = _where(hazard)
    interim = "、".join(zh_date(due) for due in listing.interim_due_days())
    protection = (
        f"整改完成前，由{hazard.protection_by}落实以下防护措施：{_sentence(hazard.protection)}"
        if hazard.protection
        else "目前没有临时防护。请收到本通知后立即落实警示、限速、隔离或值守等防护措施，"
        "并将措施、责任人和照片报送督办单位。"
    )
    body = [
        (
            0,
            f"经排查，{where}存在{kind}隐患（台账编号 {hazard.number}，"
            f"{GRADES.get(hazard.grade, ('未定级', ''))[0]}）。"
            f"{_sentence(listing.reason)}经研究，决定对该隐患实行{level}挂牌督办。"
            "现将有关事项通知如下：",
        ),
        (1, "隐患情况"),
        (0, _sentence(hazard.text)),
        *(((0, _sentence(said)),) if (said := hazard.origin_data.get("sentence")) else ()),
        (1, "整改要求"),
        (2, f"责任单位：{hazard.duty_name}。"),
        (2, f"整改期限：{zh_date(listing.deadline)}前完成整改。"),
        (2, "整改内容："),
        *((3, _sentence(line)) for line in listing.lines()),
        (1, "临时防护"),
        (0, protection),
        (1, "督办要求"),
        (2, "收到本通知后制定整改方案和应急预案，明确措施、资金、时限和责任人，报送督办单位。"),
        (
            2,
            f"整改期间，请于{interim}分别报送整改进展。"
            if interim
            else "整改期间，请及时报送整改进展。",
        ),
        (
            2,
            "整改完成后书面申请验收。督办单位组织专家现场验收，"
            "参与整改和经办的人员不参加验收；验收合格的，解除挂牌并销号。",
        ),
        (2, "确有困难需延期的，应在期限届满前说明理由，由上一级批准，且只能延期一次。"),
    ]
    return Official(
        office=office.name, number=number, signer=listing.signer,
        title=f"关于对{where}{kind}隐患实行{level}挂牌督办的通知",
        phrases=(f"关于对{where}", f"{kind}隐患", f"实行{level}挂牌督办的通知"),
        addressee=listing.addressee, body=numbered(body), unit=office.name, date=zh_date(day),
        copies=listing.copies, printed=zh_date(day), sheets=(_facts(hazard, listing),),
    )  # fmt: skip


def lifting(listing: Listing, office: Office, number: str, day: date) -> Official:
    """解除通知: what was done, who accepted it, and that the listing ends."""
    hazard = listing.hazard
    level = LEVELS[listing.level][0]
    kind = kinds()[hazard.kind].zh
    where = _where(hazard)
    panel = listing.panel
    done = hazard.rectified_at
    body = [
        (
            0,
            f"{zh_date(_local(listing.decided_at))}，以{listing.number}对{where}{kind}隐患"
            f"（台账编号 {hazard.number}）实行{level}挂牌督办。"
            "经整改和专家现场验收，决定解除挂牌。现通知如下：",
        ),
        (1, "整改情况"),
        (
            0,
            (f"{hazard.duty_name}于{zh_date(_local(done))}完成整改：" if done else "")
            + _sentence(listing.done_words()),
        ),
        (1, "验收情况"),
        (
            0,
            f"{zh_date(date.fromisoformat(panel['day']))}，由{len(panel['experts'])}名专家组成的"
            f"验收组现场验收，意见一致：{_sentence(panel['opinion'])}",
        ),
        (1, "有关要求"),
        (0, "请继续做好日常巡查和养护，防止隐患反弹。隐患再次出现的，将重新打开并按规定处理。"),
    ]
    return Official(
        office=office.name, number=number, signer=listing.signer,
        title=f"关于解除{where}{kind}隐患{level}挂牌督办的通知",
        phrases=(f"关于解除{where}", f"{kind}隐患", f"{level}挂牌督办的通知"),
        addressee=listing.addressee, body=numbered(body), unit=office.name, date=zh_date(day),
        copies=listing.copies, printed=zh_date(day), sheets=(_experts(panel),),
    )  # fmt: skip


def _facts(hazard: Hazard, listing: Listing) -> Sheet:
    rows = [
        ("台账编号", hazard.number),
        ("隐患类别", kinds()[hazard.kind].zh),
        ("隐患等级", GRADES.get(hazard.grade, ("未定级", ""))[0]),
        ("地点", _where(hazard)),
        ("路口", hazard.junction),
        ("道路、桩号", f"{hazard.road} {hazard.stake}".strip()),
        ("坐标（WGS-84）", f"{hazard.lat:.6f}，{hazard.lon:.6f}" if hazard.lat else ""),
        ("登记日期", zh_date(_local(hazard.found_at))),
        ("责任单位", hazard.duty_name),
        ("督办单位", hazard.unit.name_zh),
        ("整改期限", zh_date(listing.deadline)),
        ("现场照片", f"{hazard.photos.count()} 张，存台账"),
    ]
    return Sheet("隐患基本情况表", tuple((name, value) for name, value in rows if value))


def _experts(panel: dict) -> Sheet:
    rows = [(one["name"], f"{one['post']}　{one['opinion'] or '同意'}") for one in panel["experts"]]
    return Sheet("专家验收意见表", tuple(rows))


def _sentence(text: str) -> str:
    """A text that ends like a sentence.

    >>> _sentence("护栏缺失")
    '护栏缺失。'
    """
    text = " ".join(text.split())
    return text if not text or text[-1] in "。！？；：" else f"{text}。"
