using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Polly.Timeout;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>A request that got no response has a record too.</summary>
public sealed class RecordFailureTests
{
    private static readonly byte[] Request =
        """{"model":"gpt-5","messages":[{"role":"user","content":"How many characters are these?"}]}"""u8.ToArray();

    public static TheoryData<Exception?, UsageStatus, int> Faults { get; } = new()
    {
        { null, UsageStatus.Failed, 502 },
        { new HttpRequestException(HttpRequestError.ConnectionError), UsageStatus.Failed, 502 },
        { new IOException("reset"), UsageStatus.Failed, 502 },
        { new OperationCanceledException(), UsageStatus.Cancelled, 499 },
        { new TaskCanceledException("The request was canceled due to the configured HttpClient.Timeout.", new TimeoutException()),
            UsageStatus.Failed, 504 },
        { new TimeoutException(), UsageStatus.Failed, 504 },
        { new TimeoutRejectedException(), UsageStatus.Failed, 504 },
        { new HttpRequestException("connect", new SocketException((int)SocketError.TimedOut)), UsageStatus.Failed, 504 },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task RecordFailure_gives_the_status_that_fits_what_ended_the_request(Exception? fault, UsageStatus status, int statusCode)
    {
        var sink = new RecordingSink();

        UsageRecord record = await new UsageTracker(sink).RecordFailure(new UsageContext { RequestId = "r1" }, fault).Completion;

        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.NoResponse
            && r.Status == status && r.StatusCode == statusCode && r.HttpStatusCode == null && r.Context.RequestId == "r1");
        (record.ErrorType is not null).Should().Be(fault is not null && status == UsageStatus.Failed);
        sink.Records.Should().Equal(record);
    }

    [Theory]
    [InlineData(true, TokenSource.Estimated)]
    [InlineData(false, TokenSource.None)]
    public async Task Input_is_charged_only_if_the_request_was_sent_in_full(bool requestWasSent, TokenSource source)
    {
        var context = new UsageContext { ApiFormat = ApiFormat.OpenAI, RequestBody = Request };

        UsageRecord record = await new UsageTracker(new RecordingSink())
            .RecordFailure(context, new IOException("reset"), requestWasSent).Completion;

        record.Should().Match<UsageRecord>(r => r.InputSource == source
            && r.OutputSource == TokenSource.None && r.Usage.OutputTokens == 0 && r.Usage.InputTokens > 0 == requestWasSent);
        record.Context.Model.Should().Be("gpt-5");
    }

    [Fact]
    public async Task The_duration_is_that_of_the_request()
    {
        var time = new FakeTimeProvider();
        DateTimeOffset started = time.GetUtcNow();
        time.Advance(TimeSpan.FromSeconds(7));

        UsageRecord record = await new UsageTracker(new RecordingSink(), timeProvider: time)
            .RecordFailure(new UsageContext { RequestStartedAt = started }).Completion;

        record.Should().Match<UsageRecord>(
            r => r.StartedAt == started && r.Duration == TimeSpan.FromSeconds(7) && r.TimeToFirstByte == null);
    }

    [Fact]
    public void RecordFailure_names_the_argument_that_is_missing() =>
        FluentActions.Invoking(() => new UsageTracker(new RecordingSink()).RecordFailure(null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("context");

    [Fact]
    public async Task The_handle_cannot_mark_a_record_that_was_made()
    {
        UsageTracking tracking = new UsageTracker(new RecordingSink()).RecordFailure(Track.Nothing);

        tracking.Fail(500, "late").Should().BeFalse();
        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
    }
}
