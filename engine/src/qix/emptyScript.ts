const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"];
const allMonths = [...months, "November", "December"];
const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const short = (name: string) => name.slice(0, 3);

/** Settings of the script that a new document begins with, in the real engine's order and with its values. */
const settings = {
    ThousandSep: ",",
    DecimalSep: ".",
    MoneyThousandSep: ",",
    MoneyDecimalSep: ".",
    MoneyFormat: "$ ###0.00;-$ ###0.00",
    TimeFormat: "h:mm:ss TT",
    DateFormat: "M/D/YYYY",
    TimestampFormat: "M/D/YYYY h:mm:ss[.fff] TT",
    FirstWeekDay: 6,
    BrokenWeeks: 1,
    ReferenceDay: 0,
    FirstMonthOfYear: 1,
    CollationLocale: "en-US",
    CreateSearchIndexOnReload: 1,
    MonthNames: allMonths.map(short).join(";"),
    LongMonthNames: allMonths.join(";"),
    DayNames: days.map(short).join(";"),
    LongDayNames: days.join(";"),
    NumericalAbbreviation: "3:k;6:M;9:G;12:T;15:P;18:E;21:Z;24:Y;-3:m;-6:μ;-9:n;-12:p;-15:f;-18:a;-21:z;-24:y",
};

export function emptyScript(mainSection: string): string {
    const lines = Object.entries(settings).map(([name, value]) =>
        typeof value === "number" ? `SET ${name}=${value};` : `SET ${name}='${value}';`,
    );
    return [`///$tab ${mainSection || "Main"}`, ...lines, ""].join("\r\n");
}
