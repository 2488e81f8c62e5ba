using System.Globalization;
using System.Text.Json;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing.Reading;

/// <summary>Reads genai-prices' <c>data.json</c> (v1 and v2): providers with models, each with a match rule and
/// prices.</summary>
internal sealed class GenAiPricesReader
{
    // The rate of each price field, and the number of units that the price is for.
    private static readonly Dictionary<string, (RateKey Key, decimal Per)> Keys = MakeKeys();

    // Metadata, not prices.
    private static readonly HashSet<string> ModelMembers =
    [
        "id", "match", "prices", "name", "description", "context_window", "price_comments", "deprecated", "prices_checked",
        "price_discrepancies", "collapse",
    ];

    private readonly SortedSet<string> _unread = new(StringComparer.Ordinal);

    public ReadTable Read(JsonElement root)
    {
        var providers = new List<PricedProvider>();
        int index = 0;
        foreach (JsonElement provider in root.EnumerateArray())
        {
            providers.Add(ReadProvider(provider, $"provider {index++}"));
        }

        return new ReadTable(providers, [.. _unread]);
    }

    private PricedProvider ReadProvider(JsonElement json, string place)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw TableReader.Malformed(place, "a provider must be an object");
        }

        string id = TableReader.TextMember(json, "id", place);
        var provider = new PricedProvider(id.ToLowerInvariant())
        {
            Match = json.TryGetProperty("provider_match", out JsonElement match) && match.ValueKind != JsonValueKind.Null
                ? MatchClause.Read(match, id) : null,
            FallBacks = json.TryGetProperty("fallback_model_providers", out JsonElement others) && others.ValueKind != JsonValueKind.Null
                ? ReadNames(others, id, "fallback_model_providers") : [],
        };
        if (!json.TryGetProperty("models", out JsonElement models))
        {
            throw TableReader.Malformed(id, "'models' is missing");
        }

        int index = 0;
        foreach (JsonElement model in TableReader.Items(models, id, "models"))
        {
            AddModel(provider, id, model, $"{id}/model {index++}");
        }

        return provider;
    }

    private static string[] ReadNames(JsonElement names, string entry, string member) =>
        [.. TableReader.Items(names, entry, member).Select(name => TableReader.Text(name, entry, member))];

    private void AddModel(PricedProvider provider, string providerId, JsonElement json, string place)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw TableReader.Malformed(place, "a model must be an object");
        }

        string id = TableReader.TextMember(json, "id", place);
        string pricedAs = $"{providerId}/{id}";
        _unread.UnionWith(json.EnumerateObject().Select(member => member.Name).Where(name => !ModelMembers.Contains(name)));
        if (!json.TryGetProperty("prices", out JsonElement prices))
        {
            throw TableReader.Malformed(pricedAs, "'prices' is missing");
        }

        (PriceCondition, PriceSheet)[] alternatives = prices.ValueKind == JsonValueKind.Array
            ? ReadAlternatives(prices, pricedAs) : [(PriceCondition.Always, ReadSheet(prices, pricedAs))];
        var entry = new PriceEntry(pricedAs, alternatives, null);
        provider.Add(id, entry);
        if (json.TryGetProperty("match", out JsonElement match))
        {
            provider.Add(MatchClause.Read(match, pricedAs), entry);
        }
    }

    private (PriceCondition, PriceSheet)[] ReadAlternatives(JsonElement list, string entry)
    {
        var alternatives = new List<(PriceCondition, PriceSheet)>();
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("prices", out JsonElement prices))
            {
                throw TableReader.Malformed(entry, "each of several prices must be an object with 'prices'");
            }

            bool isConditional = item.TryGetProperty("constraint", out JsonElement constraint)
                && constraint.ValueKind != JsonValueKind.Null;
            alternatives.Add((isConditional ? ReadCondition(constraint, entry) : PriceCondition.Always, ReadSheet(prices, entry)));
        }

        return alternatives.Count != 0 ? [.. alternatives] : throw TableReader.Malformed(entry, "'prices' is empty");
    }

    // Throws for an unknown condition: ignoring it could choose a wrong price.
    private static PriceCondition ReadCondition(JsonElement json, string entry)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw TableReader.Malformed(entry, "a constraint must be an object");
        }

        DateOnly? startDate = null;
        DateTimeOffset? start = null, end = null;
        foreach (JsonProperty member in json.EnumerateObject())
        {
            string text = TableReader.Text(member.Value, entry, member.Name);
            switch (member.Name)
            {
                case "start_date" when DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, 0, out DateOnly date):
                    startDate = date;
                    break;
                case "start_time" when TryReadTime(text, out DateTimeOffset time):
                    start = time;
                    break;
                case "end_time" when TryReadTime(text, out DateTimeOffset time):
                    end = time;
                    break;
                case "type":
                    break;
                default:
                    throw TableReader.Malformed(entry, $"the constraint '{member.Name}' with '{text}' cannot be read");
            }
        }

        if (start is null != end is null || (start is null && startDate is null))
        {
            throw TableReader.Malformed(entry, "a constraint must have a start_date, or a start_time and an end_time");
        }

        return new PriceCondition(startDate, start is { } opens && end is { } closes ? [ToWindow(opens, closes)] : []);
    }

    private static TimeWindow ToWindow(DateTimeOffset start, DateTimeOffset end) => new(
        TimeOnly.FromDateTime(start.DateTime),
        TimeOnly.FromDateTime(end.ToOffset(start.Offset).DateTime),
        start.Offset,
        Weekdays: 0,
        TimeZoneInfo.Utc);

    private static bool TryReadTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        "2000-01-01T" + text,
        ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"],
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal,
        out time);

    private PriceSheet ReadSheet(JsonElement prices, string entry)
    {
        if (prices.ValueKind != JsonValueKind.Object)
        {
            throw TableReader.Malformed(entry, "'prices' must be an object or an array");
        }

        var rates = new Dictionary<RateKey, Rate>();
        foreach (JsonProperty member in prices.EnumerateObject())
        {
            if (!Keys.TryGetValue(member.Name, out (RateKey Key, decimal Per) unit))
            {
                _unread.Add(member.Name);
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                rates[unit.Key] = ReadRate(member, unit.Per, entry);
            }
        }

        return new PriceSheet(rates);
    }

    private static Rate ReadRate(JsonProperty member, decimal per, string entry)
    {
        if (member.Value.ValueKind != JsonValueKind.Object)
        {
            return new Rate(TableReader.Amount(member.Value, entry, member.Name) / per);
        }

        if (!member.Value.TryGetProperty("base", out JsonElement basePrice) || !member.Value.TryGetProperty("tiers", out JsonElement tiers))
        {
            throw TableReader.Malformed(entry, $"'{member.Name}' must be an amount, or an object with 'base' and 'tiers'");
        }

        var read = new List<RateTier>();
        foreach (JsonElement tier in TableReader.Items(tiers, entry, member.Name))
        {
            if (tier.ValueKind != JsonValueKind.Object || !tier.TryGetProperty("start", out JsonElement start)
                || !tier.TryGetProperty("price", out JsonElement price)
                || start.ValueKind != JsonValueKind.Number || !start.TryGetInt64(out long tokens) || tokens < 0)
            {
                throw TableReader.Malformed(entry, $"a tier of '{member.Name}' must have a 'start' of at least 0 and a 'price'");
            }

            read.Add(new RateTier(tokens, TableReader.Amount(price, entry, member.Name) / per));
        }

        return new Rate(TableReader.Amount(basePrice, entry, member.Name) / per, [.. read.OrderBy(tier => tier.Start)]);
    }

    // The units of prices/units.yml: mtok per million, kcount and kpages per thousand, mchars per million characters,
    // gpixels per 10^9 pixels.
    private static Dictionary<string, (RateKey Key, decimal Per)> MakeKeys()
    {
        const decimal Million = 1_000_000, Thousand = 1_000;
        var keys = new Dictionary<string, (RateKey, decimal)>(StringComparer.Ordinal)
        {
            ["requests_kcount"] = (RateKey.Request, Thousand),
            ["web_searches_kcount"] = (RateKey.WebSearch, Thousand),
            ["social_searches_kcount"] = (RateKey.SocialSearch, Thousand),
            ["storage_searches_kcount"] = (RateKey.FileSearch, Thousand),
            ["code_executions_kcount"] = (RateKey.CodeExecution, Thousand),
            ["rerank_searches_kcount"] = (RateKey.SearchUnit, Thousand),
            ["input_audio_minutes"] = (RateKey.AudioMinute, 1),
            ["input_audio_hours"] = (RateKey.AudioHour, 1),
            ["audio_hours"] = (RateKey.AudioHour, 1),
            ["input_mchars"] = (RateKey.Character, Million),
            ["input_gpixels"] = (RateKey.Pixel, 1_000_000_000),
            ["gpixels"] = (RateKey.Pixel, 1_000_000_000),
            ["input_document_kpages"] = (RateKey.Page, Thousand),
            ["input_annotated_document_kpages"] = (RateKey.AnnotatedPage, Thousand),
        };
        foreach (Modality modality in Enum.GetValues<Modality>())
        {
            string infix = modality == Modality.Any ? "" : modality.ToString().ToLowerInvariant() + "_";
            keys[$"input_{infix}mtok"] = (RateKeys.Of(TokenKind.Input, modality), Million);
            keys[$"cache_{infix}read_mtok"] = (RateKeys.Of(TokenKind.CacheRead, modality), Million);
            keys[$"cache_{infix}write_mtok"] = (RateKeys.Of(TokenKind.CacheCreation, modality), Million);
            keys[$"cache_{infix}write_5m_mtok"] = (RateKeys.Of(TokenKind.CacheCreation5m, modality), Million);
            keys[$"cache_{infix}write_1h_mtok"] = (RateKeys.Of(TokenKind.CacheCreation1h, modality), Million);
            keys[$"output_{infix}mtok"] = (RateKeys.Of(TokenKind.Output, modality), Million);
            keys[$"output_{infix}reasoning_mtok"] = (RateKeys.Of(TokenKind.Reasoning, modality), Million);
            keys[$"output_{infix}citation_mtok"] = (RateKeys.Of(TokenKind.Citation, modality), Million);
        }

        return keys;
    }
}
