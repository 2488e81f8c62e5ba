using System.Text.Json;
using StreamUsage.Pricing;

namespace StreamUsage.Serialization;

/// <summary>Sets missing properties of a record to the values of a new record. Case is ignored in header
/// names.</summary>
internal static class RecordDefaults
{
    private static readonly UsageCost NoCost = new();

    /// <summary>Completes a record.</summary>
    /// <param name="record">The record as read: missing values are null or 0.</param>
    /// <param name="utf8Json">The JSON of the record.</param>
    public static UsageRecord Complete(UsageRecord record, ReadOnlySpan<byte> utf8Json)
    {
        UsageContext context = record.Context ?? UsageContext.Empty;
        return record with
        {
            Context = context with
            {
                RequestHeaders = Headers(context.RequestHeaders),
                ProviderRequestHeaders = Headers(context.ProviderRequestHeaders),
            },
            Iterations = Each(record.Iterations, static iteration =>
                iteration?.Type is null ? (iteration ?? new UsageIteration()) with { Type = "" } : iteration),
            ServerToolUse = record.ServerToolUse ?? UsageRecord.EmptyCounts,
            TokenDetails = record.TokenDetails ?? UsageRecord.EmptyCounts,
            BilledUnits = record.BilledUnits ?? UsageRecord.EmptyUnits,
            Operation = record.Operation ?? UsageRecord.DefaultOperation,
            Cost = record.Cost is { } cost ? Complete(cost, utf8Json) : null,
            ResponseHeaders = Headers(record.ResponseHeaders),
            Response = record.Response is { Message: { } message } response
                ? response with { Message = Complete(message) } : record.Response,
        };
    }

    private static UsageCost Complete(UsageCost cost, ReadOnlySpan<byte> utf8Json) =>
        Complete(cost, cost.Multiplier == 0 && !HasMultiplier(utf8Json) ? NoCost.Multiplier : cost.Multiplier);

    private static UsageCost Complete(UsageCost cost, decimal multiplier) => cost with
    {
        Multiplier = multiplier,
        Currency = cost.Currency ?? NoCost.Currency,
        PricedAs = cost.PricedAs ?? NoCost.PricedAs,
        RateClass = cost.RateClass ?? NoCost.RateClass,
        Rates = cost.Rates ?? UsageCost.NoRates,
        UnpricedParts = cost.UnpricedParts ?? [],
        Iterations = Each(cost.Iterations, static iteration => Complete(iteration ?? NoCost, iteration?.Multiplier ?? NoCost.Multiplier)),
    };

    private static AssistantMessage Complete(AssistantMessage message) => message with
    {
        Content = Each(message.Content, static block => block?.Type is null ? (block ?? new ContentBlock()) with { Type = "" } : block),
    };

    // Only the JSON distinguishes a multiplier of 0 from a missing one.
    private static bool HasMultiplier(ReadOnlySpan<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json);
        return MoveTo(ref reader, "cost"u8) && MoveTo(ref reader, "multiplier"u8);
    }

    // Moves to the value of a property of the next object.
    private static bool MoveTo(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType == JsonTokenType.None)
        {
            reader.Read();
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static T[] Each<T>(IReadOnlyList<T?>? items, Func<T?, T> complete)
        where T : class => items is null ? [] : [.. items.Select(complete)];

    private static Dictionary<string, string>? Headers(IReadOnlyDictionary<string, string>? headers)
    {
        if (headers is null)
        {
            return null;
        }

        var copy = new Dictionary<string, string>(headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            copy[name] = value;
        }

        return copy;
    }
}
