using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Cohere bills Embed by the input, and Rerank by another unit.</summary>
public sealed class CohereInputParserTests
{
    [Theory]
    // As Bedrock sends it, the input is estimated, since it is not free.
    [InlineData("""{"id":"e","embeddings":[[0.1,-0.2]],"texts":["Hi"],"response_type":"embeddings_floats"}""", false, true)]
    [InlineData("""{"id":"e","embeddings":[[0.1,-0.2]],"meta":{"billed_units":{"input_tokens":3}}}""", true, true)]
    [InlineData("""{"id":"e","embeddings":[[0.1,-0.2]],"meta":{"billed_units":{"images":1}}}""", false, false)]
    [InlineData("""{"id":"k","results":[{"index":0,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}""", false, false)]
    public void Embeddings_have_an_output_of_0_unless_another_unit_is_billed(string body, bool hasInput, bool hasOutput)
    {
        ReadBody read = ReadBody.Of(body, ApiFormat.Bedrock);

        read.Outcome.Should().Be(StreamOutcome.Completed);
        (read.Settled.IsInputReported, read.Settled.IsOutputReported, read.Usage.OutputTokens).Should().Be((hasInput, hasOutput, 0L));
    }
}
