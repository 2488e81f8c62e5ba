using System.Globalization;
using System.Text.Json;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing.Reading;

/// <summary>Reads LiteLLM's <c>off_peak_pricing</c>: daily UTC windows, optionally on certain weekdays.</summary>
internal static class LiteLlmOffPeak
{
    public static PriceCondition ReadCondition(JsonElement offPeak, string model)
    {
        TimeZoneInfo calendar = offPeak.TryGetProperty("weekday_timezone", out JsonElement zone)
            ? FindZone(TableReader.Text(zone, model, "weekday_timezone"), model) : TimeZoneInfo.Utc;
        var windows = new List<TimeWindow>();
        if (offPeak.TryGetProperty("hours_utc", out JsonElement hours))
        {
            windows.AddRange(ReadWindows(hours, 0, calendar, model));
        }

        if (offPeak.TryGetProperty("windows", out JsonElement rules))
        {
            foreach (JsonElement rule in TableReader.Items(rules, model, "windows"))
            {
                if (rule.ValueKind != JsonValueKind.Object || !rule.TryGetProperty("hours_utc", out JsonElement ruleHours))
                {
                    throw TableReader.Malformed(model, "a window of 'off_peak_pricing' must have 'hours_utc'");
                }

                int weekdays = rule.TryGetProperty("weekdays", out JsonElement days) && days.ValueKind != JsonValueKind.Null
                    ? ReadWeekdays(days, model) : 0;
                windows.AddRange(ReadWindows(ruleHours, weekdays, calendar, model));
            }
        }

        return windows.Count != 0
            ? new PriceCondition(null, windows) : throw TableReader.Malformed(model, "'off_peak_pricing' has no hours");
    }

    private static IEnumerable<TimeWindow> ReadWindows(JsonElement hours, int weekdays, TimeZoneInfo calendar, string model)
    {
        IEnumerable<JsonElement> items = hours.ValueKind == JsonValueKind.String ? [hours] : TableReader.Items(hours, model, "hours_utc");
        foreach (JsonElement item in items)
        {
            string text = TableReader.Text(item, model, "hours_utc");
            string[] ends = text.Split('-');
            if (ends.Length != 2 || !TryReadTime(ends[0], out TimeOnly start) || !TryReadTime(ends[1], out TimeOnly end))
            {
                throw TableReader.Malformed(model, $"'{text}' is not a time window such as 16:30-00:30");
            }

            yield return new TimeWindow(start, end, TimeSpan.Zero, weekdays, calendar);
        }
    }

    private static bool TryReadTime(string text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text.Trim(), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);

    // Days are names, in full or cut to three letters, or ISO numbers: Monday is 1, Sunday 7.
    private static int ReadWeekdays(JsonElement days, string model)
    {
        int bits = 0;
        foreach (JsonElement day in TableReader.Items(days, model, "weekdays"))
        {
            int number = -1;
            if (day.ValueKind == JsonValueKind.Number && day.TryGetInt32(out int iso) && iso is >= 1 and <= 7)
            {
                number = iso % 7;
            }
            else if (day.ValueKind == JsonValueKind.String && day.GetString() is { Length: >= 3 } name)
            {
                number = Array.FindIndex(Enum.GetNames<DayOfWeek>(), known =>
                    known.StartsWith(name.AsSpan(0, 3), StringComparison.OrdinalIgnoreCase));
            }

            bits |= number >= 0
                ? 1 << number : throw TableReader.Malformed(model, "'weekdays' must hold names of days, or numbers from 1 (Monday) to 7");
        }

        return bits;
    }

    private static TimeZoneInfo FindZone(string id, string model)
    {
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(id);
        }
        catch (Exception fault) when (fault is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            throw TableReader.Malformed(model, $"the time zone '{id}' is unknown to this system", fault);
        }
    }
}
