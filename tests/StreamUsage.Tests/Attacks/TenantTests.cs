using StreamUsage.Http;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>A request is never billed to somebody else.</summary>
public sealed class TenantTests
{
    private static readonly UsageContext Alice = new() { UserId = "alice" }, Bob = new() { UserId = "bob" };

    [Fact]
    public void A_scope_that_ends_before_the_one_inside_it_is_not_brought_back()
    {
        IDisposable outer = UsageScope.Begin(Alice);
        IDisposable inner = UsageScope.Begin(Bob);

        outer.Dispose();
        UsageScope.Current.Should().BeSameAs(Bob);
        inner.Dispose();

        UsageScope.Current.Should().BeNull();
    }

    [Fact]
    public void A_scope_that_is_still_open_is_brought_back_past_one_that_is_not()
    {
        using IDisposable outermost = UsageScope.Begin(Alice);
        IDisposable outer = UsageScope.Begin(new UsageContext());
        IDisposable inner = UsageScope.Begin(Bob);

        outer.Dispose();
        inner.Dispose();

        UsageScope.Current.Should().BeSameAs(Alice);
    }

    [Fact]
    public void A_scope_that_is_disposed_twice_hides_nothing()
    {
        IDisposable first = UsageScope.Begin(Alice);
        first.Dispose();
        using IDisposable second = UsageScope.Begin(Bob);

        first.Dispose();

        UsageScope.Current.Should().BeSameAs(Bob);
    }

    [Fact]
    public async Task A_task_that_outlives_its_scope_has_no_context()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<UsageContext?> task;
        using (UsageScope.Begin(Alice))
        {
            using (UsageScope.Begin(Bob))
            {
                task = Task.Run(async () =>
                {
                    await ended.Task;
                    using (UsageScope.Begin(new UsageContext()))
                    {
                        // Nothing of this is to bring an older one back.
                    }

                    return UsageScope.Current;
                });
            }

            ended.SetResult();
            (await task).Should().BeNull();
            UsageScope.Current.Should().BeSameAs(Alice);
        }
    }

    [Fact]
    public async Task A_scope_that_ends_elsewhere_changes_nothing_there()
    {
        IDisposable bobs = UsageScope.Begin(Bob);

        UsageContext? there = await Task.Run(() =>
        {
            using IDisposable alices = UsageScope.Begin(Alice);
            bobs.Dispose();
            return UsageScope.Current;
        });

        there.Should().BeSameAs(Alice);
        UsageScope.Current.Should().BeNull();
    }

    [Fact]
    public async Task Tags_are_kept_as_they_were_at_the_start()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        var tags = new Dictionary<string, string> { ["tenant"] = "alice" };
        Stream tracked = tracker.Track(Stream.Null, new UsageContext { Tags = tags }, out UsageTracking tracking);

        tags["tenant"] = "bob";
        tracked.Dispose();

        (await tracking.Completion).Context.Tags.Should().Equal(new Dictionary<string, string> { ["tenant"] = "alice" });
        sink.Starts.Single().Context.Tags.Should().Equal(new Dictionary<string, string> { ["tenant"] = "alice" });
    }

    [Theory]
    [InlineData("wrapped")]
    [InlineData("buffered")]
    public async Task A_response_whose_content_middleware_has_wrapped_is_tracked_once(string how)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking first = response.TrackUsage(tracker, Alice);
        Stream body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        response.Content = how == "wrapped" ? new StreamContent(body) : new StringContent(await Track.ReadToEndAsync(body));

        UsageTracking second = response.TrackUsage(tracker, Bob);

        second.Should().BeSameAs(first);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(Answers.Claude);
        (await second.Completion).Context.UserId.Should().Be("alice");
        sink.Records.Should().ContainSingle();
    }

    [Fact]
    public async Task A_wrapped_response_of_two_trackers_of_one_sink_is_tracked_once()
    {
        var sink = new RecordingSink();
        await using UsageTracker first = new(sink), second = new(sink);
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(first, Alice);
        response.Content = new StreamContent(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        response.TrackUsage(second, Bob).Should().BeSameAs(tracking);

        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        (await tracking.Completion).Context.UserId.Should().Be("alice");
        sink.Records.Should().ContainSingle();
    }

    [Fact]
    public async Task Responses_of_one_request_are_tracked_each()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        using var request = new HttpRequestMessage();
        foreach (UsageContext context in (UsageContext[])[Alice, Bob])
        {
            using HttpResponseMessage response = Track.Response(Answers.Claude);
            response.RequestMessage = request;
            UsageTracking tracking = response.TrackUsage(tracker, context);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            await tracking.Completion;
        }

        sink.Records.Select(record => record.Context.UserId).Should().Equal("alice", "bob");
    }

    [Theory]
    [InlineData("/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro")]
    [InlineData("/v1beta/models/gemini%0aforged:generateContent", "gemini")]
    [InlineData("/v1beta/models/gemini%1b%5b31m:generateContent", "gemini")]
    [InlineData("/v1beta/models/gemini%3Fkey=secret:generateContent", "gemini")]
    [InlineData("/v1beta/models/gemini%e2%80%ae:generateContent", "gemini")]
    [InlineData("/v1beta/models/gemini%20x:generateContent", "gemini")]
    [InlineData("/v1beta/models/%0a:generateContent", null)]
    [InlineData("/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.claude/converse",
        "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.claude")]
    public void A_model_in_a_path_ends_where_a_name_ends(string path, string? model) => RequestModel.InPath(path).Should().Be(model);

    [Fact]
    public void A_model_of_a_request_has_a_limited_length()
    {
        RequestModel.InPath($"/v1/models/{new string('a', 100_000)}:generateContent").Should().HaveLength(1024);
        RequestModel.InBody(Answers.Bytes($$"""{"model":"{{new string('a', 100_000)}}"}""")).Should().HaveLength(1024);
        RequestModel.InBody(
            Answers.Bytes($"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{new string('a', 100_000)}\r\n--b--"))
            .Should().HaveLength(1024);
    }
}
