using System.Text;
using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Estimation.Requests;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>
/// The default: counts with the model's encoding, or the nearest, and corrects the count by its family's rule, which is fitted to counts that providers reported; docs/estimation.md has the errors. The time of any input
/// is linear and bounded: runs without a break are cut, long texts are sampled. Encodings are loaded once a process, when first needed. Safe to use from any thread.
/// </summary>
public sealed class ModelTokenEstimator : ITokenEstimator
{
    private readonly FamilyTable _families;

    /// <summary>Makes an estimator with the built-in families.</summary>
    public ModelTokenEstimator() => _families = FamilyTable.BuiltIn;

    /// <summary>Creates an estimator with families that take precedence over the built-in ones.</summary>
    internal ModelTokenEstimator(IEnumerable<ModelFamily> families) => _families = new FamilyTable([.. families]);

    /// <summary>The family that a model is counted as.</summary>
    /// <param name="model">The model's name, as a request or a response says it; null where not known.</param>
    /// <param name="format">The API, for a name that says nothing.</param>
    /// <param name="protocol">The protocol, as <see cref="UsageRecord.Protocol"/> says it; null where not known.</param>
    /// <returns>The family; for a name that says nothing the newest of the format's provider, which is OpenAI where the format says nothing either.</returns>
    internal ModelFamily FindFamily(string? model, ApiFormat format = default, string? protocol = null) => _families.Find(model, format, protocol);

    /// <inheritdoc/>
    public int CountTokens(string? model, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return 0;
        }

        ModelFamily family = FindFamily(model);
        using var meter = new TextMeter(Tokenizers.Get(family.Encoding), 3L * text.Length);
        Span<byte> utf8 = stackalloc byte[3 * 256];
        while (!text.IsEmpty)
        {
            int length = Math.Min(text.Length, 256);
            length -= length < text.Length && char.IsHighSurrogate(text[length - 1]) ? 1 : 0;
            meter.Add(utf8[..Encoding.UTF8.GetBytes(text[..length], utf8)]);
            text = text[length..];
        }

        meter.End();
        return (int)Math.Min(int.MaxValue, Whole((meter.Tokens * family.Rule.PerToken) + (meter.Digits * family.Rule.PerDigit)));
    }

    /// <inheritdoc/>
    public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => EstimateInput(format, model, requestBody.Span, out _);

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters)
    {
        ArgumentNullException.ThrowIfNull(text);
        OutputPart[] parts = text.Length == 0 ? [] : [new OutputPart { Kind = OutputKind.Text, Text = text }];
        return EstimateOutput(format, model, new ModelOutput { Parts = parts, Characters = characters });
    }

    /// <summary>Estimates an output by its parts: a tool call costs more than its text.</summary>
    internal long EstimateOutput(ApiFormat format, string? model, ModelOutput output)
    {
        ModelFamily family = _families.Find(model, format, output.Protocol);
        double notKept = ClassRule.Tokens(output.NotKept, family.Rule);
        if (output.Parts.Count == 0)
        {
            return notKept > 0 ? Whole(notKept + family.Rule.Answer) : Running(family.Rule, output.Characters);
        }

        OutputFacts facts = OutputFacts.Read(output, family);
        double tokens = facts.Tokens(family.Rule);

        // Past what a response may keep, the kept part stands for the rest. Where the tracker's budget ended the keeping, the rest was counted.
        long rest = output.Characters - facts.Characters;
        if (rest > 0 && facts.Characters > 0 && notKept == 0)
        {
            tokens += (tokens - (facts.Choices * family.Rule.Answer)) * rest / facts.Characters;
        }

        return Whole(tokens + notKept);
    }

    /// <summary>As <see cref="EstimateInputTokens"/>; says whether the JSON was malformed.</summary>
    internal long EstimateInput(ApiFormat format, string? model, ReadOnlySpan<byte> requestBody, out JsonException? fault)
    {
        fault = null;
        if (requestBody.IsEmpty)
        {
            return 0;
        }

        if (MultipartBody.TryRead(requestBody, out MultipartBody form))
        {
            ModelFamily uploaded = _families.Find(model, format, null);
            return WholeOrNone(RequestReader.Read(form, uploaded).Tokens(new TokenRule()));
        }

        RequestHead head = RequestHead.Read(requestBody);
        ModelFamily family = _families.Find(model ?? head.Model, format, head.Protocol);
        RequestFacts facts = RequestReader.Read(requestBody, head, family);
        fault = facts.Fault;
        return Whole(facts.Tokens(family.Rule));
    }

    /// <summary>A running estimate, from the characters alone: no tokenizer is loaded.</summary>
    internal static long EstimateRunning(ApiFormat format, string? model, string? protocol, long characters) =>
        Running(FamilyTable.BuiltIn.Find(model, format, protocol).Rule, characters);

    private static long Running(TokenRule rule, long characters) => characters <= 0 ? 0 : Whole((characters * rule.PerCharacter) + rule.Answer);

    private static long WholeOrNone(double tokens) => tokens <= 0 ? 0 : Whole(tokens);

    // A conversion of what a long cannot hold saturates from .NET 9 on; before, it wraps around.
    private static long Whole(double tokens) => tokens >= long.MaxValue ? long.MaxValue : Math.Max(1, (long)Math.Round(tokens));
}
