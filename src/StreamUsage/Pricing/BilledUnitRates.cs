using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices what is billed beside tokens: units, server tools, and a request fee.</summary>
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

    // Without a key, only tokens are charged: for web fetch as Anthropic documents, and a client's own MCP server.
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

    /// <summary>Adds the lines of a response's units, tools and request fee, and names the parts without a
    /// rate.</summary>
    public static void Add<T>(UsageRecord record, in TokenUsage usage, RateCard card, ref T lines, ref List<string>? unpriced)
        where T : ICostLines
    {
        bool isUsed = usage.TotalTokens > 0;
        if (record.BilledUnits.Count != 0)
        {
            isUsed = true;
            AddUnits(record.BilledUnits, usage, card, ref lines, ref unpriced);
        }

        if (record.ServerToolUse.Count != 0)
        {
            AddTools(record.ServerToolUse, card, ref lines, ref unpriced);
        }

        if (isUsed && card.Find(RateKey.Request) is { } fee)
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
            bool isInTokens = name == "images" ? usage.OutputTokens > 0 : name == "audio_seconds" && usage.InputAudioTokens > 0;
            if (quantity <= 0 || isInTokens)
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
            IEnumerable<string> used = units.Where(unit => unit.Value > 0).Select(unit => unit.Key);
            foreach (string name in used.Except(Units.Select(unit => unit.Name)).Order(StringComparer.Ordinal))
            {
                (unpriced ??= []).Add(name);
            }
        }
    }

    // The first key with a rate counts: a table may give one rate several names.
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
            IEnumerable<string> used = uses.Where(use => use.Value > 0).Select(use => use.Key);
            foreach (string name in used.Except(Tools.Select(tool => tool.Name)).Order(StringComparer.Ordinal))
            {
                (unpriced ??= []).Add(name);
            }
        }
    }
}
