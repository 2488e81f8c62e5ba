using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>A model that the context leaves out is read from the request's body.</summary>
public sealed class RequestedModelTests
{
    [Theory]
    [InlineData("""{"model":"gpt-5","messages":[]}""", "gpt-5")]
    [InlineData("""{"messages":[{"role":"user","content":"\"model\":\"no\""},{"model":"no"}],"model":"gpt-5"}""", "gpt-5")]
    [InlineData("""{"model":"gpt-5","messages":[""", "gpt-5")]
    [InlineData("""  {"model" : "gpt\u002d5"}""", "gpt-5")]
    [InlineData("""{"messages":[{"model":"no"}]}""", null)]
    [InlineData("""{"model":5}""", null)]
    [InlineData("""{"model":""}""", null)]
    [InlineData("""{"model":"cut""", null)]
    [InlineData("""{"messages":[,,"model":"no"}""", null)]
    [InlineData("[]", null)]
    [InlineData("no JSON", null)]
    [InlineData("", null)]
    public async Task A_model_is_read_from_the_top_level_of_the_request(string request, string? model)
    {
        UsageRecord record = await ReadAsync(new UsageContext { RequestBody = Encoding.UTF8.GetBytes(request) });

        record.Context.Model.Should().Be(model);
    }

    [Fact]
    public async Task A_model_that_the_caller_names_stays()
    {
        UsageRecord record = await ReadAsync(new UsageContext { Model = "named", RequestBody = """{"model":"gpt-5"}"""u8.ToArray() });

        record.Context.Model.Should().Be("named");
    }

    [Fact]
    public async Task No_more_of_a_request_is_searched_than_is_read()
    {
        byte[] request = Encoding.UTF8.GetBytes($$"""{"pad":"{{new string('x', 200)}}","model":"gpt-5"}""");

        UsageRecord record = await ReadAsync(
            new UsageContext { RequestBody = request }, new StreamUsageOptions { MaxRequestBodyBytes = 100 });

        record.Context.Model.Should().BeNull();
    }

    [Fact]
    public async Task A_sink_is_told_the_model_at_the_start()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);

        tracker.Track(Stream.Null, new UsageContext { RequestBody = """{"model":"gpt-5"}"""u8.ToArray() }, out UsageTracking tracking)
            .Dispose();

        await tracking.Completion;
        sink.Starts.Should().ContainSingle().Which.Context.Model.Should().Be("gpt-5");
    }

    [Fact]
    public async Task A_request_whose_bytes_are_gone_throws_nothing()
    {
        UsageRecord record = await ReadAsync(new UsageContext { RequestBody = new GoneMemory().Memory });

        record.Context.Model.Should().BeNull();
    }

    private static Task<UsageRecord> ReadAsync(UsageContext context, StreamUsageOptions? options = null)
    {
        new UsageTracker(new CallbackUsageSink((_, _) => ValueTask.CompletedTask), options)
            .Track(Stream.Null, context, out UsageTracking tracking).Dispose();
        return tracking.Completion;
    }

    private sealed class GoneMemory : System.Buffers.MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(10);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException("request");

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => throw new ObjectDisposedException("request");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
