namespace StreamUsage.Pricing.Tables;

/// <summary>Represents when a price applies: from a date, at times of the day, or both. An empty condition always
/// applies.</summary>
/// <param name="StartDate">The first UTC date; null for any.</param>
/// <param name="Windows">Daily windows, one of which must be open; empty for any time.</param>
internal sealed record PriceCondition(DateOnly? StartDate, IReadOnlyList<TimeWindow> Windows)
{
    public static PriceCondition Always { get; } = new(null, []);

    /// <summary>Returns whether the price applies at a time.</summary>
    public bool Holds(DateTimeOffset time)
    {
        if (StartDate is { } date && DateOnly.FromDateTime(time.UtcDateTime) < date)
        {
            return false;
        }

        foreach (TimeWindow window in Windows)
        {
            if (window.Contains(time))
            {
                return true;
            }
        }

        return Windows.Count == 0;
    }
}

/// <summary>Represents a daily window, from its start (inclusive) to its end (exclusive). One that ends before it
/// starts spans midnight.</summary>
/// <param name="Start">The time of day at which it opens, at <paramref name="Offset"/>.</param>
/// <param name="End">The time of day at which it closes; equal to the start for the whole day.</param>
/// <param name="Offset">The offset of both from UTC.</param>
/// <param name="Weekdays">A bit for each <see cref="DayOfWeek"/> on which it is open; 0 for every day. After midnight,
/// the new day counts.</param>
/// <param name="Calendar">The time zone of the weekdays.</param>
internal readonly record struct TimeWindow(TimeOnly Start, TimeOnly End, TimeSpan Offset, int Weekdays, TimeZoneInfo Calendar)
{
    public bool Contains(DateTimeOffset time)
    {
        TimeOnly now = TimeOnly.FromDateTime(time.ToOffset(Offset).DateTime);
        bool isOpen = Start < End ? Start <= now && now < End : now >= Start || now < End;
        return isOpen && (Weekdays == 0 || (Weekdays & (1 << (int)TimeZoneInfo.ConvertTime(time, Calendar).DayOfWeek)) != 0);
    }
}
