using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>Reads the usage of each model call: <c>iterations</c>.</summary>
internal static class ClaudeIterations
{
    // A response makes few model calls: Anthropic's tool loop pauses after ten. 32 entries of at most 750 bytes come to
    // 24 KB.
    private const int MaxIterations = 32;
    private const int MaxNameLength = 128;

    private const string Message = "message", Fallback = "fallback_message";

    /// <summary>Reads the array that the reader is at; skips any other value.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, in UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return state;
        }

        var iterations = new List<UsageIteration>();
        while (reader.NextElement())
        {
            if (reader.EnterObject())
            {
                Add(iterations, ReadOne(ref reader, iterations.Count == 0 ? null : iterations[^1], output));
            }
        }

        // In an answer of a fallback model, a message call without output was declined. It is not billed.
        if (iterations.Exists(iteration => iteration.Type == Fallback))
        {
            for (int i = 0; i < iterations.Count; i++)
            {
                iterations[i] = iterations[i] with { Declined = iterations[i].Type == Message && iterations[i].Usage.OutputTokens == 0 };
            }
        }

        return state with { Iterations = iterations };
    }

    private static UsageIteration ReadOne(ref Utf8JsonReader reader, UsageIteration? last, IOutputObserver output)
    {
        string type = "";
        string? model = null;
        UsageReport report = default;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("type"u8))
            {
                type = reader.GetName(last?.Type, MaxNameLength) ?? type;
            }
            else if (name.SequenceEqual("model"u8))
            {
                model = reader.GetName(last?.Model, MaxNameLength) ?? model;
            }
            else
            {
                UsageObject.ReadField(ref reader, name, ClaudeUsageNames.Message, ref report, default, output);
            }
        }

        return new UsageIteration { Type = type, Model = model, Usage = report.ToTokens(ClaudeUsage.Convention).Normalize() };
    }

    // Above the limit, calls share an entry: that of the same type and model, else the last, at whose price they are
    // then billed.
    private static void Add(List<UsageIteration> iterations, UsageIteration iteration)
    {
        if (iterations.Count < MaxIterations)
        {
            iterations.Add(iteration);
            return;
        }

        int same = iterations.FindLastIndex(other => other.Type == iteration.Type && other.Model == iteration.Model);
        int at = same < 0 ? MaxIterations - 1 : same;
        iterations[at] = iterations[at] with { Usage = iterations[at].Usage + iteration.Usage };
    }
}
