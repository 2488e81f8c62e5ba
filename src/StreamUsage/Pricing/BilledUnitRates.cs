using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices units, server tools and a request fee.</summary>
internal static class BilledUnitRates
{
    private static readonly (string Name, CostPart Part, RateKey[] Keys)[] Units =
    [
        ("audio_seconds", CostPart.Input, [RateKey.AudioSecond, RateKey.AudioMinute, RateKey.AudioHour]),
        ("images", CostPart.Output, [RateKey.OutputImageCount, RateKey.InputImageCount]),
        ("search_units", CostPart.Input, [RateKey.SearchUnit]),
        ("session_seconds", CostPart.ServerTools, [RateKey.SessionSecond]),
        ("characters", CostPart.Input, [RateKey.Character]),
        ("pixels", CostPart.Output, [RateKey.Pixel]),
        ("pages", CostPart.Input, [RateKey.Page]),
        ("annotated_pages", CostPart.Input, [RateKey.AnnotatedPage]),
    ];

    // A null key means that only the tokens are charged: for web fetches (Anthropic documents this), and for the
    // caller's own MCP server.
    private static readonly (string Name, RateKey? Key)[] Tools =
    [
        ("web_search_requests", RateKey.WebSearch),
        ("google_search_requests", RateKey.WebSearch),
        ("file_search_requests", RateKey.FileSearch),
        ("social_search_requests", RateKey.SocialSearch),
        ("google_maps_requests", RateKey.MapsQuery),
        ("code_execution_requests", RateKey.CodeExecution),
        ("code_interpreter_sessions", RateKey.CodeSession),
        ("web_fetch_requests", null),
        ("mcp_requests", null),
    ];

    /// <summary>Adds the lines of a response's units, tools and request fee. Adds the names of units and tools without
    /// a rate to <paramref name="unpriced"/>, which stays null if all have one.</summary>
    public static void Add<T>(UsageRecord record, in TokenUsage usage, RateCard card, ref T lines, ref List<string>? unpriced)
        where T : ICostLines
    {
        bool hasUsage = usage.TotalTokens > 0;
        if (record.BilledUnits.Count != 0)
        {
            hasUsage = true;
            AddUnits(record.BilledUnits, usage, card, ref lines, ref unpriced);
        }

        if (record.ServerToolUse.Count != 0)
        {
            AddTools(record.ServerToolUse, card, ref lines, ref unpriced);
        }

        if (hasUsage && card.Find(RateKey.Request) is { } fee)
        {
            lines.Add(CostPart.ServerTools, RateKey.Request, 1, fee);
        }
    }

    private static void AddUnits<T>(
        IReadOnlyDictionary<string, decimal> units, in TokenUsage usage, RateCard card, ref T lines, ref List<string>? unpriced)
        where T : ICostLines
    {
        int known = 0;
        foreach ((string name, CostPart part, RateKey[] keys) in Units)
        {
            if (!units.TryGetValue(name, out decimal quantity))
            {
                continue;
            }

            known++;
            bool isBilledAsTokens = name == "images" ? usage.OutputTokens > 0 : name == "audio_seconds" && usage.InputAudioTokens > 0;
            if (quantity <= 0 || isBilledAsTokens)
            {
                continue;
            }

            if (!TryAdd(part, keys, quantity, card, ref lines))
            {
                (unpriced ??= []).Add(name);
            }
        }

        if (known < units.Count)
        {
            AddUnknown(units.Where(unit => unit.Value > 0).Select(unit => unit.Key), Units.Select(unit => unit.Name), ref unpriced);
        }
    }

    // A table may name a rate in one of several ways. The first key with a rate counts.
    private static bool TryAdd<T>(CostPart part, RateKey[] keys, decimal quantity, RateCard card, ref T lines)
        where T : ICostLines
    {
        foreach (RateKey key in keys)
        {
            if (card.Find(key) is { } price)
            {
                lines.Add(part, key, quantity, price);
                return true;
            }
        }

        return false;
    }

    private static void AddTools<T>(IReadOnlyDictionary<string, long> uses, RateCard card, ref T lines, ref List<string>? unpriced)
        where T : ICostLines
    {
        int known = 0;
        foreach ((string name, RateKey? tool) in Tools)
        {
            if (!uses.TryGetValue(name, out long count))
            {
                continue;
            }

            known++;
            if (count <= 0 || tool is not { } key)
            {
                continue;
            }

            if (card.Find(key) is { } price)
            {
                lines.Add(CostPart.ServerTools, key, count, price);
            }
            else if (key == RateKey.WebSearch && card.Find(RateKey.WebSearchPrompt) is { } promptPrice)
            {
                lines.Add(CostPart.ServerTools, RateKey.WebSearchPrompt, 1, promptPrice);
            }
            else
            {
                (unpriced ??= []).Add(name);
            }
        }

        if (known < uses.Count)
        {
            AddUnknown(uses.Where(use => use.Value > 0).Select(use => use.Key), Tools.Select(tool => tool.Name), ref unpriced);
        }
    }

    private static void AddUnknown(IEnumerable<string> used, IEnumerable<string> known, ref List<string>? unpriced)
    {
        foreach (string name in used.Except(known).Order(StringComparer.Ordinal))
        {
            (unpriced ??= []).Add(name);
        }
    }
}
