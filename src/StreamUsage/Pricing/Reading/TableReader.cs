using System.Globalization;
using System.Text.Json;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing.Reading;

/// <summary>Reads a price table of either format.</summary>
internal static class TableReader
{
    public static ReadTable Read(ReadOnlySpan<byte> utf8Json)
    {
        if (utf8Json.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            utf8Json = utf8Json[3..];
        }

        using JsonDocument document = ParseJson(utf8Json);
        return document.RootElement.ValueKind switch
        {
            JsonValueKind.Array => new GenAiPricesReader().Read(document.RootElement),
            JsonValueKind.Object => new LiteLlmReader().Read(document.RootElement),
            _ => throw new FormatException("A price table must be an array of providers (genai-prices) or an object of models (LiteLLM)."),
        };
    }

    public static FormatException Malformed(string entry, string fault, Exception? cause = null) =>
        new($"Price table, entry '{entry}': {fault}.", cause);

    public static string Text(JsonElement value, string entry, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Malformed(entry, $"'{name}' must be a string");

    public static string TextMember(JsonElement parent, string name, string entry) =>
        parent.TryGetProperty(name, out JsonElement value) ? Text(value, entry, name) : throw Malformed(entry, $"'{name}' is missing");

    /// <summary>Reads an amount as a decimal, without rounding to a binary fraction.</summary>
    public static decimal Amount(JsonElement value, string entry, string name)
    {
        decimal amount = 0;
        bool isNumber = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDecimal(out amount),
            JsonValueKind.String => decimal.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out amount),
            _ => false,
        };
        return isNumber && amount >= 0 ? amount : throw Malformed(entry, $"'{name}' must be an amount of at least 0");
    }

    public static IEnumerable<JsonElement> Items(JsonElement value, string entry, string name) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Malformed(entry, $"'{name}' must be an array");

    private static JsonDocument ParseJson(ReadOnlySpan<byte> utf8Json)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8Json);
            JsonDocument document = JsonDocument.ParseValue(ref reader);
            reader.Read(); // Throws if anything but white space follows.
            return document;
        }
        catch (JsonException fault)
        {
            throw new FormatException($"The price table is not JSON: {fault.Message}", fault);
        }
    }
}

/// <summary>Represents a price table that was read.</summary>
/// <param name="Providers">The providers, in the order of the file.</param>
/// <param name="UnreadFields">The names of price fields that were skipped.</param>
internal sealed record ReadTable(IReadOnlyList<PricedProvider> Providers, IReadOnlyList<string> UnreadFields);
