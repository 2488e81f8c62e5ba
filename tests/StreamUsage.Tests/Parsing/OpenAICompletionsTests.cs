using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>OpenAI's legacy Completions, and Embeddings.</summary>
public sealed class OpenAICompletionsTests
{
    private const string Usage =
        "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":16,\"total_tokens\":21,\"prompt_tokens_details\":{\"cached_tokens\":2}}";
    private const string Embeddings = """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023,-0.0093,1.5e-05]}]"""
        + ""","model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}""";

    [Fact]
    public void A_whole_completion_is_read()
    {
        ReadBody read = ReadBody.Of("""{"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":"""
            + """[{"text":"Hello\n","index":0,"logprobs":null,"finish_reason":"length"}],""" + Usage + "}", pieceLength: 5);

        read.Should().BeEquivalentTo(new
        {
            Protocol = "openai-completions",
            Format = ApiFormat.OpenAI,
            Outcome = StreamOutcome.Completed,
            OutputCharacters = 6,
            Counts = "in 3 read 2 write 0 (0+0) out 16 reasoning -",
        });
        read.State.Should().Match<UsageAccumulator>(
            s => s.ResponseId == "cmpl-1" && s.Model == "gpt-3.5-turbo-instruct" && s.StopReason == "length");
    }

    [Fact]
    public void A_stream_of_completions_is_read_to_its_end_and_its_chunks_are_learned()
    {
        string body = string.Concat(Enumerable.Range(0, 100).Select(i => ReadBody.Sse(
            $$"""{"id":"cmpl-1","object":"text_completion","choices":[{"text":"w{{i % 10}}","index":0,"finish_reason":null}]"""
            + ""","model":"m"}""")))
            + ReadBody.Sse("""{"id":"cmpl-1","object":"text_completion","choices":[{"text":"","index":0,"finish_reason":"stop"}]}""");

        foreach (int pieceLength in (int[])[1, 100, int.MaxValue])
        {
            ReadBody.Of(body, ApiFormat.OpenAICli, pieceLength).Should().BeEquivalentTo(new
            {
                Protocol = "openai-completions",
                Format = ApiFormat.OpenAICli,
                Outcome = StreamOutcome.Completed,
                EventCount = 101,
                OutputCharacters = 200,
            });
            ReadBody read = ReadBody.Of(
                body + ReadBody.Sse("""{"object":"text_completion","choices":[],""" + Usage + "}", "[DONE]"), default, pieceLength);
            (read.Outcome, read.State.IsTerminal, read.Counts)
                .Should().Be((StreamOutcome.Completed, true, "in 3 read 2 write 0 (0+0) out 16 reasoning -"));
        }

        ReadBody.Of(body[..300]).Outcome.Should().Be(StreamOutcome.Interrupted);
    }

    [Theory]
    [InlineData(Embeddings)]
    [InlineData("""{"usage":{"total_tokens":8},"model":"text-embedding-3-small","data":[{"embedding":"AACAPw=="}],"object":"list"}""")]
    [InlineData("""{"object":"list","data":[],"model":"text-embedding-3-small","usage":{"prompt_tokens":0,"total_tokens":8}}""")]
    [InlineData("""{"object":"list","data":[],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":11}}""")]
    public void Embeddings_have_input_alone_and_an_output_of_0_is_a_fact(string body)
    {
        foreach (string format in (string[])["AUTO", "OPENAI", "CLAUDE"])
        {
            ReadBody read = ReadBody.Of(body, new ApiFormat(format), pieceLength: 9);

            read.Should().BeEquivalentTo(new
            {
                Protocol = "openai-embeddings",
                Format = ApiFormat.OpenAI,
                Outcome = StreamOutcome.Completed,
                OutputCharacters = 0,
                Counts = "in 8 read 0 write 0 (0+0) out 0 reasoning -",
            });
            (read.State.IsInputReported, read.State.IsOutputReported, read.State.Model).Should().Be((true, true, "text-embedding-3-small"));
        }
    }
}
