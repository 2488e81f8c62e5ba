using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Reads a usage object by its protocol's table. Counts go to a <see cref="UsageReport"/>, other facts to the
/// state, and unknown fields to the observer. <see cref="Accounting"/> interprets the counts.</summary>
internal static class UsageObject
{
    private const decimal DollarsPerTick = 0.0000000001m;

    /// <summary>Reads the usage object that the reader is at, and reports it. Returns its counts; none for any other
    /// value, which is skipped.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event's data.</param>
    /// <param name="names">The protocol's fields.</param>
    /// <param name="convention">The protocol's documented convention.</param>
    /// <param name="state">The state, which gets the facts that are no token counts.</param>
    /// <param name="output">The observer.</param>
    /// <param name="isCumulative">Whether the object updates an earlier one field by field; else it replaces
    /// it.</param>
    public static ReportedTokens ReadAndReport(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageNames names, TokenConvention convention, ref UsageAccumulator state,
        IOutputObserver output, bool isCumulative)
    {
        UsageReport report = default;
        ReadOnlySpan<byte> json = Read(ref reader, data, names, ref report, ref state, output);
        if (json.IsEmpty)
        {
            return default;
        }

        output.OnReportedUsage(json, isCumulative);
        return report.IsEmpty ? default : report.ToTokens(convention);
    }

    /// <summary>Reads the usage object that the reader is at. Returns its JSON; empty for any other value, which is
    /// skipped.</summary>
    public static ReadOnlySpan<byte> Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageNames names, ref UsageReport report, ref UsageAccumulator state,
        IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        int start = (int)reader.TokenStartIndex;
        state = Read(ref reader, names, ref report, state, output);
        return data[start..(int)reader.BytesConsumed];
    }

    /// <summary>Reads the object that the reader is at; skips any other value. Token counts go to the report, not to
    /// the state.</summary>
    public static UsageAccumulator Read(
        ref Utf8JsonReader reader, UsageNames names, ref UsageReport report, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            state = ReadField(ref reader, name, names, ref report, state, output);
        }

        return state;
    }

    /// <summary>Reads the field whose value the reader is at.</summary>
    public static UsageAccumulator ReadField(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, UsageNames names, ref UsageReport report, UsageAccumulator state,
            IOutputObserver output)
    {
        if (names.Find(name) is not { } known)
        {
            output.OnUnknownUsageField(name);
            reader.Skip();
            return state;
        }

        switch (known.Field)
        {
            case UsageField.Count:
                Count(ref reader, known, ref report, output);
                return state;
            case UsageField.AnthropicCacheCount:
                report.HasAnthropicCacheNames |= Count(ref reader, known, ref report, output) > 0;
                return state;
            case UsageField.Group:
                return Read(ref reader, known.Group!, ref report, state, output);
            case UsageField.Detail:
                return WithDetail(state, known.Key!, reader.GetCount(known.Utf8, output));
            case UsageField.CountAndDetail:
                return WithDetail(state, known.Key!, Count(ref reader, known, ref report, output));
            case UsageField.InputModalities:
                report.InputModalities = ReadModalities(ref reader, report.InputModalities, output);
                return state;
            case UsageField.CacheModalities:
                report.CacheModalities = ReadModalities(ref reader, report.CacheModalities, output);
                return state;
            case UsageField.OutputModalities:
                report.OutputModalities = ReadModalities(ref reader, report.OutputModalities, output);
                return state;
            case UsageField.LifetimeList:
                ReadLifetimes(ref reader, ref report, output);
                return state;
            case UsageField.Semantic:
                report.IsAnthropicSemantic |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("anthropic"u8);
                reader.Skip();
                return state;
            case UsageField.Iterations:
                return ClaudeIterations.Read(ref reader, state, output);
            case UsageField.FallbackCredit:
                return ReadFallbackCredit(ref reader, state);
            case UsageField.BilledCounts:
                return ReadBilled(ref reader, known.Group!, state, output);
            default:
                return ReadOtherField(ref reader, known, ref report, state, output);
        }
    }

    private static long? Count(ref Utf8JsonReader reader, UsageName name, ref UsageReport report, IOutputObserver output)
    {
        long? count = reader.GetCount(name.Utf8, output);
        if (count is { } known)
        {
            report.Add(name.CountOf, known, name.Rank);
        }

        return count;
    }

    // Reads a field whose value goes to the state.
    private static UsageAccumulator ReadOtherField(
        ref Utf8JsonReader reader, UsageName known, ref UsageReport report, UsageAccumulator state, IOutputObserver output)
    {
        switch (known.Field)
        {
            case UsageField.Cost:
                return WithCost(state, ReadCost(ref reader));
            case UsageField.CostTicks:
                return WithCost(state, reader.GetAmount() * DollarsPerTick);
            case UsageField.ToolRequests:
                return state with { ServerToolUse = CountsByName.Read(ref reader, state.ServerToolUse, output) };
            case UsageField.ToolCalls:
                return ServerToolCounts.ReadObject(ref reader, "_calls"u8, state, output);
            case UsageField.ToolNames:
                return ServerToolCounts.ReadObject(ref reader, default, state, output);
            case UsageField.ToolList:
                return ServerToolCounts.ReadList(ref reader, state, output);
            case UsageField.SingleTool:
                return Count(ref reader, known, ref report, output) is { } uses
                    ? state with { ServerToolUse = CountsByName.With(state.ServerToolUse, known.Key!, uses) } : state;
            case UsageField.ServiceTier:
                return Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            case UsageField.Speed:
                return reader.GetName(state.Speed) is { } speed ? state with { Speed = speed } : state;
            case UsageField.InferenceGeo:
                return reader.GetName(state.InferenceGeo) is { } geo ? state with { InferenceGeo = geo } : state;
            case UsageField.BilledUnit:
                return UnitsByName.With(state, known.Key!, reader.GetAmount());
            default:
                reader.Skip();
                return state;
        }
    }

    private static UsageAccumulator ReadBilled(ref Utf8JsonReader reader, UsageNames names, UsageAccumulator state, IOutputObserver output)
    {
        UsageReport billed = default;
        state = Read(ref reader, names, ref billed, state, output);
        return billed.IsEmpty ? state : state with { BilledTokens = billed.ToTokens(TokenConvention.None).Normalize() };
    }

    private static ModalityCounts ReadModalities(ref Utf8JsonReader reader, ModalityCounts counts, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return counts;
        }

        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            ReadOnlySpan<byte> modality = default;
            long tokens = 0;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("modality"u8) && reader.TokenType == JsonTokenType.String)
                {
                    modality = reader.ValueSpan;
                }
                else if (name.SequenceEqual("tokenCount"u8) || name.SequenceEqual("tokens"u8))
                {
                    tokens = reader.GetCount(name, output) ?? 0;
                }
                else
                {
                    reader.Skip();
                }
            }

            counts = counts.With(modality, tokens);
        }

        return counts;
    }

    private static void ReadLifetimes(ref Utf8JsonReader reader, ref UsageReport report, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            long? count = null;
            ReadOnlySpan<byte> lifetime = default;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("inputTokens"u8))
                {
                    count = reader.GetCount(name, output);
                }
                else if (name.SequenceEqual("ttl"u8) && reader.TokenType == JsonTokenType.String)
                {
                    lifetime = reader.ValueSpan;
                }
                else
                {
                    reader.Skip();
                }
            }

            if (count is { } known && (lifetime.SequenceEqual("5m"u8) || lifetime.SequenceEqual("1h"u8)))
            {
                report.Add(lifetime[0] == (byte)'5' ? UsageCount.CacheCreation5m : UsageCount.CacheCreation1h, known, 0);
            }
        }
    }

    // {status: {type: "redeemed"}}: a redeemed credit is billed as if the conversation had always been on this model.
    // Anthropic documents neither whether the cache counts show that, nor the rest of the object. So the word is looked
    // for anywhere in it.
    private static UsageAccumulator ReadFallbackCredit(ref Utf8JsonReader reader, UsageAccumulator state)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return state;
        }

        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("redeemed"u8))
            {
                state = state with { Anomalies = state.Anomalies | UsageAnomalies.UncertainBill };
            }
        }

        return state;
    }

    private static decimal? ReadCost(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetAmount();
        }

        decimal? total = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("total_cost"u8))
                {
                    total = reader.GetAmount();
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return total;
    }

    private static UsageAccumulator WithCost(in UsageAccumulator state, decimal? cost) =>
        cost is null || cost == state.ReportedCost ? state : state with { ReportedCost = cost };

    private static UsageAccumulator WithDetail(in UsageAccumulator state, string name, long? count)
    {
        if (count is null)
        {
            return state;
        }

        IReadOnlyDictionary<string, long> details = CountsByName.With(state.TokenDetails, name, count.GetValueOrDefault());
        return ReferenceEquals(details, state.TokenDetails) ? state : state with { TokenDetails = details };
    }
}
