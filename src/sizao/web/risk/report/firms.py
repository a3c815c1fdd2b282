"""Section of the report about transport enterprises: who surely differs from similar ones."""

from __future__ import annotations

from sizao.risk.duties import WORSE
from sizao.web.enterprises import access, listing, services, words
from sizao.web.risk.report.document import Block, Section, Table
from sizao.web.units.models import User

SHOWN = 8


def firms(user: User) -> tuple[Section | None, list[str]]:
    """The section by the newest review, None without one; and the names of those surely worse."""
    review = services.newest()
    if review is None:
        return None, []
    worse = services.ranking(review.made).worse
    ids = set(access.visible(user).values_list("pk", flat=True))
    rows = listing.ordered(listing.rows_of(review, ids, words.OVERALL), "rank")
    ranked = [listing.shown(row, {}, worse) for row in rows if row["rank"] is not None]
    if not rows:
        return None, []
    sure = [row["name"] for row in ranked if row["note"] == WORSE]
    unranked = len(rows) - len(ranked)
    told = (
        f"{review.first_day:%Y年%m月%d日}至{review.last_day:%m月%d日}，按超速、疲劳、超限超载、"
        f"终端离线、隐患整改等法定责任综合评估 {len(rows)} 家企业："
        f"把握九成以上超过同类 {worse:g} 倍的 {len(sure)} 家，其余与同类没有这样明确的差别。"
        f"{unranked} 家车辆或记录太少，不排名。"
    )
    blocks: list[Block] = [told]
    if ranked:
        blocks.append(
            Table(
                "综合名次靠前的运输企业",
                ["名次", "企业", "车辆（辆）", "里程（km）", "同类的倍数", "九成区间", "结论"],
                [[str(row["rank"]), row["name"], str(row["vehicles"]), f"{row['driven']:,}",
                  f"{row['times']['expected']:.2f}",
                  f"{row['times']['lower']:.2f}–{row['times']['upper']:.2f}", row["verdict"]]
                 for row in ranked[:SHOWN]],
                [9, 45, 13, 16, 16, 20, 34], [True, False, True, True, True, True, False],
                "按里程、车日、称重等暴露量折算并向同类收缩；权重与排名条件为项目建议值。来源：车辆定位、"
                "检测、称重、督办和隐患台账。评估企业责任，不涉及驾驶人。",
            )
        )  # fmt: skip
    return Section("运输企业主体责任", blocks), sure
