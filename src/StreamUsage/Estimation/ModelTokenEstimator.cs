using System.Text;
using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Estimation.Requests;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>Estimates tokens by the model's encoding, or the nearest one, and corrects the count by the rule of the
/// model's family. The default estimator. Thread-safe.</summary>
/// <remarks>The rules are fitted to reported counts; docs/estimation.md has the errors. Time is linear and bounded:
/// long runs without a break are cut, and long texts are sampled. An encoding is loaded once per process, on first
/// use.</remarks>
public sealed class ModelTokenEstimator : ITokenEstimator
{
    private readonly FamilyTable _families;

    /// <summary>Creates an estimator with the built-in families.</summary>
    public ModelTokenEstimator() => _families = FamilyTable.BuiltIn;

    /// <summary>Creates an estimator with families that precede the built-in ones.</summary>
    internal ModelTokenEstimator(IEnumerable<ModelFamily> families) => _families = new FamilyTable([.. families]);

    /// <summary>Returns the family of a model. An unknown name belongs to the newest family of the format's provider,
    /// or else of OpenAI.</summary>
    internal ModelFamily FindFamily(string? model, ApiFormat format = default, string? protocol = null) =>
        _families.Find(model, format, protocol);

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
    public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) =>
        EstimateInput(format, model, requestBody.Span, out _);

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters)
    {
        ArgumentNullException.ThrowIfNull(text);
        OutputPart[] parts = text.Length == 0 ? [] : [new OutputPart { Kind = OutputKind.Text, Text = text }];
        return EstimateOutput(format, model, new ModelOutput { Parts = parts, Characters = characters });
    }

    /// <summary>Estimates an output by its parts, since a tool call costs more than its text.</summary>
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

        // Output beyond the response's limit is assumed to be like the kept part. Output that the budget refused was
        // counted by class.
        long rest = output.Characters - facts.Characters;
        if (rest > 0 && facts.Characters > 0 && notKept == 0)
        {
            tokens += (tokens - (facts.Choices * family.Rule.Answer)) * rest / facts.Characters;
        }

        return Whole(tokens + notKept);
    }

    /// <summary>Estimates the input, and returns the fault of malformed JSON; null if there is none.</summary>
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

    /// <summary>Returns a running estimate from the characters alone, without a tokenizer.</summary>
    internal static long EstimateRunning(ApiFormat format, string? model, string? protocol, long characters) =>
        Running(FamilyTable.BuiltIn.Find(model, format, protocol).Rule, characters);

    private static long Running(TokenRule rule, long characters) =>
        characters <= 0 ? 0 : Whole((characters * rule.PerCharacter) + rule.Answer);

    private static long WholeOrNone(double tokens) => tokens <= 0 ? 0 : Whole(tokens);

    // Before .NET 9, a conversion beyond the range of long wraps around.
    private static long Whole(double tokens) => tokens >= long.MaxValue ? long.MaxValue : Math.Max(1, (long)Math.Round(tokens));
}
