using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sse;

/// <summary>The type of a tracked event, which has a limit of its own.</summary>
public sealed class TrackedEventTypeTests
{
    [Theory]
    [InlineData("event: error\ndata: {\"a\":1}\n\n", 1)]
    [InlineData("event: error\ndata: {\"a\":1}\n\n", 100)]
    [InlineData("error: {\"a\":1}\n\n", 1)]
    [InlineData("error: {\"a\":1}\n\n", 100)]
    public void An_error_is_found_by_its_type_however_small_the_limit_of_events_is(string body, int pieceLength)
    {
        ReadBody read = ReadBody.Of(Encoding.UTF8.GetBytes(body), pieceLength: pieceLength, maxEventBytes: 4);

        read.State.Error.Should().NotBeNull();
    }
}
