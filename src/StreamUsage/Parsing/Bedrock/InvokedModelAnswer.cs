using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Reads the members of an invoked model's answer or event. Titan: <c>outputText</c>, <c>completionReason</c>,
/// <c>inputTextTokenCount</c>, <c>totalOutputTextTokenCount</c>, <c>results[]</c>. Llama: <c>generation</c>,
/// <c>stop_reason</c>, <c>prompt_token_count</c>, <c>generation_token_count</c> (cumulative). Cohere Command:
/// <c>text</c>, <c>is_finished</c>, <c>finish_reason</c>, <c>generations[]</c>. Mistral: <c>outputs[]</c>.</summary>
internal ref struct InvokedModelAnswer(UsageAccumulator state)
{
    private UsageReport _counts;
    private long? _resultTokens;
    private string? _reason;
    private bool _isFinished, _isEmbedding;

    public UsageAccumulator State = state;

    /// <summary>Reads a member of the answer. Returns false, without reading, if the name is unknown.</summary>
    public bool TryRead(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, int index, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (name.SequenceEqual("results"u8) || name.SequenceEqual("generations"u8) || name.SequenceEqual("outputs"u8))
        {
            ReadResults(ref reader, data, output);
            return true;
        }

        return TryReadResult(ref reader, name, index, data, output);
    }

    /// <summary>Returns the state after the members that were read.</summary>
    public readonly UsageAccumulator Finish()
    {
        UsageAccumulator next = _isEmbedding ? State with { Operation = "embeddings" } : State;
        bool isFinished = _isFinished || _reason is not null;
        ReportedTokens tokens = _counts.ToTokens(TokenConvention.None);
        // An embedding has no output.
        tokens = tokens with { OutputTokens = _isEmbedding ? 0 : tokens.OutputTokens ?? _resultTokens };
        next = tokens.HasInput || tokens.OutputTokens is not null ? next.Merge(tokens) : next;

        // Before the stop reason, a count is a lower bound.
        next = next with { IsOutputPlaceholder = next.Tokens.OutputTokens is not null && !isFinished && !_isEmbedding };
        return isFinished ? next with { StopReason = _reason ?? next.StopReason, Choices = next.Choices.Finish(0) } : next;
    }

    // Reads a member of the answer, of a result or of a generation.
    private bool TryReadResult(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, int index, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (name.SequenceEqual("outputText"u8) || name.SequenceEqual("generation"u8) || name.SequenceEqual("text"u8))
        {
            ObserveText(ref reader, index, output);
        }
        else if (InvokedModelNames.Counts.Find(name) is { } known)
        {
            if (ReadCount(ref reader, name, data, output) is { } count)
            {
                _counts.Add(known.CountOf, count, known.Rank);
            }
        }
        else if (name.SequenceEqual("tokenCount"u8))
        {
            _resultTokens = (_resultTokens ?? 0) + (ReadCount(ref reader, name, data, output) ?? 0);
        }
        else if (name.SequenceEqual("completionReason"u8) || name.SequenceEqual("stop_reason"u8) || name.SequenceEqual("finish_reason"u8))
        {
            _reason ??= reader.GetName(State.StopReason);
        }
        else if (name.SequenceEqual("is_finished"u8))
        {
            _isFinished = reader.TokenType == JsonTokenType.True;
        }
        else if (name.SequenceEqual("embedding"u8))
        {
            _isEmbedding = true;
            reader.Skip();
        }
        else
        {
            return false;
        }

        return true;
    }

    private static void ObserveText(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
        {
            output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
        }

        reader.ReportOutput(OutputKind.Text, 0, output);
    }

    // These answers have no usage object, so each count is passed on as {name: count}.
    private static long? ReadCount(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        int start = (int)reader.TokenStartIndex;
        long? count = reader.GetCount(name, output);
        if (count is not null)
        {
            ReadOnlySpan<byte> value = data[start..(int)reader.BytesConsumed];
            Span<byte> usage = stackalloc byte[96];
            if (name.Length + value.Length + 5 <= usage.Length)
            {
                usage[0] = (byte)'{';
                usage[1] = (byte)'"';
                name.CopyTo(usage[2..]);
                usage[2 + name.Length] = (byte)'"';
                usage[3 + name.Length] = (byte)':';
                value.CopyTo(usage[(4 + name.Length)..]);
                usage[4 + name.Length + value.Length] = (byte)'}';
                output.OnReportedUsage(usage[..(5 + name.Length + value.Length)], isCumulative: true);
            }
        }

        return count;
    }

    private void ReadResults(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        for (int index = 0; reader.NextElement(); index++)
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (!TryReadResult(ref reader, name, index, data, output))
                {
                    reader.Skip();
                }
            }
        }
    }
}
