using System.Text.Json;
using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>Every recorded usage object, in a plain JSON body and in the last event of a stream of its protocol, gives
/// the expected buckets and subsets.</summary>
public sealed class ReportedUsageTests
{
    [Theory]
    [InlineData("anthropic-messages")]
    [InlineData("openai-chat")]
    [InlineData("openai-responses")]
    [InlineData("gemini")]
    public void A_recorded_usage_object_gives_the_expected_buckets(string format)
    {
        string path = SharedFiles.Require("data", "usage-prices", "usages.jsonl");
        int count = 0;
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.GetProperty("format").GetString() != format)
            {
                continue;
            }

            count++;
            JsonElement expected = document.RootElement.GetProperty("expected");
            string members = document.RootElement.GetProperty("body").GetRawText()[1..^1];
            using var scope = new AssertionScope(line);
            ApiFormat named =
                format switch { "anthropic-messages" => ApiFormat.Claude, "gemini" => ApiFormat.Gemini, _ => ApiFormat.OpenAI };
            foreach (string body in Bodies(format, members))
            {
                foreach (ApiFormat given in (ApiFormat[])[named, ApiFormat.Auto])
                {
                    Verify(ReadBody.Of(body, given), expected, format, named);
                }

                Verify(ReadBody.Of(body, named, pieceLength: 7), expected, format, named);
            }
        }

        count.Should().BeGreaterThan(50);
    }

    private static string[] Bodies(string format, string members) => format switch
    {
        "anthropic-messages" =>
        [
            """{"type":"message","id":"m","role":"assistant","content":[{"type":"text","text":"t"}],"stop_reason":"end_turn","""
                + $$"""{{members}}}""",
            $$"""{ {{members}}, "content":[{"type":"text","text":"t"}], "type":"message", "id":"m" }""",
        ],
        "openai-chat" =>
        [
            """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"t"}"""
                + $$""","finish_reason":"stop"}],{{members}}}""",
            ReadBody.Sse("""{"id":"c","choices":[{"index":0,"delta":{"content":"t"},"finish_reason":"stop"}]}""",
                $$"""{"choices":[],{{members}}}""", "[DONE]"),
        ],
        "openai-responses" =>
        [
            $$"""{"id":"r","object":"response","status":"completed","output":[],{{members}}}""",
            ReadBody.Sse("""{"type":"response.created","response":{"id":"r"}}""",
                """{"type":"response.completed","response":{"id":"r","status":"completed",""" + members + "}}"),
        ],
        _ =>
        [
            $$"""{"candidates":[{"content":{"parts":[{"text":"t"}]},"finishReason":"STOP"}],{{members}}}""",
            $$"""{ {{members}} }""",
            """[{"candidates":[{"content":{"parts":[{"text":"t"}]}}],"usageMetadata":{"promptTokenCount":1,"cachedContentTokenCount":1"""
                + ""","toolUsePromptTokenCount":5,"thoughtsTokenCount":1}},{"""
                + members + ""","candidates":[{"finishReason":"STOP"}]}]""",
            ReadBody.Sse("""{"response":{"candidates":[{"content":{"parts":[{"text":"t"}]},"finishReason":"STOP"}],"""
                + members + """},"traceId":"x"}"""),
        ],
    };

    private static void Verify(ReadBody read, JsonElement expected, string format, ApiFormat named)
    {
        (read.Protocol, read.Format, read.Outcome, read.SkippedEvents, read.IgnoredCounts)
            .Should().Be((format, named, StreamOutcome.Completed, 0L, 0));
        (read.State.IsInputReported, read.State.IsOutputReported).Should().Be((true, true));
        TokenUsage usage = read.Usage;
        usage.TotalInputTokens.Should().Be(Of("input_tokens"));
        usage.CacheReadInputTokens.Should().Be(Of("cache_read_tokens"));
        usage.CacheCreationInputTokens.Should().Be(Of("cache_write_tokens"));
        usage.CacheCreation5mInputTokens.Should().Be(Of("cache_write_5m_tokens"));
        usage.CacheCreation1hInputTokens.Should().Be(Of("cache_write_1h_tokens"));
        usage.OutputTokens.Should().Be(Of("output_tokens"));
        (usage.ReasoningTokens ?? 0).Should().Be(Of("output_reasoning_tokens"));
        (usage.InputAudioTokens ?? 0).Should().Be(Of("input_audio_tokens"));
        (usage.CacheReadAudioTokens ?? 0).Should().Be(Of("cache_audio_read_tokens"));
        (usage.OutputAudioTokens ?? 0).Should().Be(Of("output_audio_tokens"));
        (usage.OutputImageTokens ?? 0).Should().Be(Of("output_image_tokens"));
        Detail("input_image_tokens").Should().Be(Of("input_image_tokens"));
        Detail("input_video_tokens").Should().Be(Of("input_video_tokens"));
        Detail("cache_read_image_tokens").Should().Be(Of("cache_image_read_tokens"));
        Detail("cache_read_video_tokens").Should().Be(Of("cache_video_read_tokens"));
        read.State.ServerToolUse.GetValueOrDefault("web_search_requests").Should().Be(Of("web_searches"));

        long Of(string name) => expected.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;

        long Detail(string name) => read.State.TokenDetails.GetValueOrDefault(name);
    }
}
