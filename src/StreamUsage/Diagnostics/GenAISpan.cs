using System.Diagnostics;

namespace StreamUsage.Diagnostics;

/// <summary>Describes a response as a span of OpenTelemetry's GenAI conventions (gen_ai.client.inference).</summary>
internal static class GenAISpan
{
    public static string Name(in GenAICall call) =>
        call.Record.Context.Model is { } model ? $"{call.Operation} {model}" : call.Operation;

    /// <summary>Returns the attributes that samplers see.</summary>
    public static TagList InitialTags(in GenAICall call)
    {
        var tags = new TagList { { "gen_ai.operation.name", call.Operation }, { "gen_ai.provider.name", call.Provider } };
        if (call.Record.Context.Model is { } model)
        {
            tags.Add("gen_ai.request.model", model);
        }

        if (call.RequestUri is { } uri)
        {
            tags.Add("server.address", uri.Host);
            tags.Add("server.port", uri.Port);
        }

        return tags;
    }

    /// <summary>Puts the attributes and the status of a response on a span.</summary>
    public static void Describe(Activity span, in GenAICall call)
    {
        UsageRecord record = call.Record;
        foreach (KeyValuePair<string, object?> tag in InitialTags(call))
        {
            span.SetTag(tag.Key, tag.Value);
        }

        Set(span, "gen_ai.request.stream", record.Streamed ? true : null);
        Set(span, "gen_ai.response.id", record.ResponseId);
        Set(span, "gen_ai.response.model", record.ResponseModel);
        Set(span, "gen_ai.response.finish_reasons", FinishReasons(record));
        Set(span, "gen_ai.response.time_to_first_chunk", record.Streamed ? call.TimeToFirstChunk?.TotalSeconds : null);
        Set(span, "gen_ai.conversation.id", record.Protocol == "mistral-conversations" ? record.ResponseId : null);
        Set(span, "streamusage.record.id", record.Id.ToString());
        Set(span, "streamusage.outcome", record.Outcome.ToString());
        Set(span, "streamusage.cost", record.Cost is { Currency: "USD" } cost ? (double)cost.Total : null);
        if (call.HasTokens)
        {
            AddInput(span, record);
            AddOutput(span, record);
        }

        if (call.ErrorType is { } error)
        {
            span.SetTag("error.type", error);
            span.SetStatus(ActivityStatusCode.Error); // The message is the provider's, and may quote the request.
        }
    }

    private static void AddInput(Activity span, UsageRecord record)
    {
        if (record.InputSource == TokenSource.None)
        {
            return;
        }

        TokenUsage usage = record.BilledUsage;
        Set(span, "gen_ai.usage.input_tokens", usage.TotalInputTokens);
        Set(span, "gen_ai.usage.cache_read.input_tokens", usage.CacheReadInputTokens);
        Set(span, "gen_ai.usage.cache_write.input_tokens", usage.CacheCreationInputTokens);
        AddModalities(span, TokenModalities.OfInput(record), "input_tokens");
        SetIfAny(span, "gen_ai.usage.audio.cache_read.input_tokens", usage.CacheReadAudioTokens ?? 0);
        AddSource(span, "streamusage.input.source", record.InputSource);
    }

    private static void AddOutput(Activity span, UsageRecord record)
    {
        if (record.OutputSource == TokenSource.None)
        {
            return;
        }

        TokenUsage usage = record.BilledUsage;
        Set(span, "gen_ai.usage.output_tokens", usage.OutputTokens);
        Set(span, "gen_ai.usage.reasoning.output_tokens", usage.ReasoningTokens);
        AddModalities(span, TokenModalities.OfOutput(record), "output_tokens");
        AddSource(span, "streamusage.output.source", record.OutputSource);
    }

    private static void AddModalities(Activity span, in TokenModalities modalities, string tokens)
    {
        if (!modalities.IsTextOnly) // Text alone is the total.
        {
            SetIfAny(span, $"gen_ai.usage.text.{tokens}", modalities.Text);
            SetIfAny(span, $"gen_ai.usage.image.{tokens}", modalities.Image);
            SetIfAny(span, $"gen_ai.usage.audio.{tokens}", modalities.Audio);
        }
    }

    private static void AddSource(Activity span, string name, TokenSource source) =>
        Set(span, name, source == TokenSource.Estimated ? "estimated" : null);

    private static void SetIfAny(Activity span, string name, long tokens) => Set(span, name, tokens > 0 ? tokens : null);

    // Null would remove an attribute that the caller has set on its own span.
    private static void Set(Activity span, string name, object? value)
    {
        if (value is not null)
        {
            span.SetTag(name, value);
        }
    }

    // "error" if a reason was expected and did not come.
    private static string[]? FinishReasons(UsageRecord record) =>
        record.StopReason is { } reason ? [reason]
        : record.Streamed && record.Status is UsageStatus.Failed or UsageStatus.Cancelled ? ["error"]
        : null;
}
