using System.Text;
using System.Text.Json;
using CsCheck;
using StreamUsage.Capture;
using StreamUsage.Framing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Serialization;

/// <summary>A record comes back from JSON as it was.</summary>
public sealed class UsageRecordJsonTests
{
    private static readonly Gen<string> Text =
        Gen.OneOf(Gen.String.AlphaNumeric, Gen.OneOf("", "é ☃ \U0001F600 \"\\/\b\n\u0001</script>", "***"));
    private static readonly Gen<string?> MaybeText = Text.Null();
    private static readonly Gen<IReadOnlyDictionary<string, string>?> Names =
        Gen.Dictionary(Gen.String.AlphaNumeric.Select(name => name.ToLowerInvariant()), Text)[0, 4]
        .Select(d => (IReadOnlyDictionary<string, string>)d).Null();
    private static readonly Gen<IReadOnlyDictionary<string, long>> Counts =
        Gen.Dictionary(Gen.String.AlphaNumeric, Gen.Long)[0, 4].Select(d => (IReadOnlyDictionary<string, long>)d);
    private static readonly Gen<IReadOnlyDictionary<string, decimal>> Units =
        Gen.Dictionary(Gen.String.AlphaNumeric, Gen.Decimal)[0, 3].Select(d => (IReadOnlyDictionary<string, decimal>)d);
    private static readonly Gen<TimeSpan> Time = Gen.Long[0, TimeSpan.TicksPerDay * 400].Select(TimeSpan.FromTicks);
    private static readonly Gen<DateTimeOffset> Instant = Gen.Select(
        Gen.Long[DateTimeOffset.UnixEpoch.Ticks, new DateTime(2200, 1, 1).Ticks], Gen.Int[-14, 14], (ticks, hours) => new DateTimeOffset(
            ticks, TimeSpan.FromHours(hours)));

    private static readonly Gen<TokenUsage> Usage =
        Gen.Select(Gen.Long.Array[6], Gen.Long.Nullable().Array[5], (buckets, subsets) => new TokenUsage
        {
            InputTokens = buckets[0],
            CacheReadInputTokens = buckets[1],
            CacheCreationInputTokens = buckets[2],
            CacheCreation5mInputTokens = buckets[3],
            CacheCreation1hInputTokens = buckets[4],
            OutputTokens = buckets[5],
            ReasoningTokens = subsets[0],
            InputAudioTokens = subsets[1],
            CacheReadAudioTokens = subsets[2],
            OutputAudioTokens = subsets[3],
            OutputImageTokens = subsets[4],
        });

    private static readonly Gen<UsageContext> Context = Gen.Select(MaybeText.Array[9], Instant.Nullable(), Names.Array[3],
        Gen.Byte.Array[0, 20], Gen.OneOf("CLAUDE", "AUTO", "my own"), (texts, started, names, body, format) => new UsageContext
        {
            RequestId = texts[0],
            AttemptId = texts[1],
            UserId = texts[2],
            ApiKeyId = texts[3],
            Provider = texts[4],
            ProviderId = texts[5],
            ProviderEndpointId = texts[6],
            ProviderApiKeyId = texts[7],
            Model = texts[8],
            ApiFormat = new ApiFormat(format),
            RequestStartedAt = started,
            RequestBody = body,
            RequestHeaders = names[0],
            ProviderRequestHeaders = names[1],
            Tags = names[2],
        });

    private static readonly Gen<UsageCost> Cost =
        Gen.Select(Gen.Decimal.Array[7], Text.Array[4], MaybeText, Gen.Bool, (amounts, texts, version, isUncertain) => new UsageCost
        {
            Total = amounts[0],
            Input = amounts[1],
            CacheRead = amounts[2],
            CacheCreation = amounts[3],
            Output = amounts[4],
            ServerTools = amounts[5],
            Multiplier = amounts[6],
            Currency = texts[0],
            PricedAs = texts[1],
            PriceTableVersion = version,
            RateClass = texts[2],
            Rates = isUncertain ? new Dictionary<string, decimal> { [texts[0]] = amounts[0] } : new Dictionary<string, decimal>(),
            UnpricedParts = isUncertain ? [texts[3]] : [],
            IsUncertain = isUncertain,
            Iterations = isUncertain ? [new UsageCost { Total = amounts[1], PricedAs = texts[1], Multiplier = amounts[2] }] : [],
        });

    private static readonly Gen<UsageRecord> Figures = Gen.Select(Gen.Guid, Usage, Usage, Gen.Select(Text, MaybeText, Usage, (type, model,
        usage) => new UsageIteration { Type = type, Model = model, Usage = usage, Declined = usage.InputTokens % 2 == 0 }).Array[0, 3],
        Counts.Array[2], Cost.Null(), Gen.Decimal.Nullable(), Units,
        (id, usage, billed, iterations, counts, cost, reported, units) => new UsageRecord
        {
            Id = id,
            Usage = usage,
            BilledUsage = billed,
            Iterations = iterations,
            ServerToolUse = counts[0],
            TokenDetails = counts[1],
            Cost = cost,
            ReportedCost = reported,
            BilledUnits = units,
        });

    private static readonly Gen<UsageRecord> Records = Gen.Select(Figures, Context, MaybeText.Array[15], Gen.Int[0, 6].Array[4], Instant,
        Time.Array[1], Time.Nullable().Array[3], (record, context, texts, numbers, started, times, maybeTimes) => record with
        {
            Context = context,
            ApiFormat = new ApiFormat(texts[0] ?? "AUTO"),
            Protocol = texts[1],
            ReportedUsageJson = texts[2],
            UnpricedReason = texts[3],
            ResponseId = texts[4],
            ResponseModel = texts[5],
            StopReason = texts[6],
            StopSequence = texts[7],
            ServiceTier = texts[8],
            Speed = texts[9],
            InferenceGeo = texts[10],
            ErrorType = texts[11],
            ErrorMessage = texts[12],
            TraceId = texts[13],
            SpanId = texts[14],
            InputSource = (TokenSource)(numbers[0] % 3),
            OutputSource = (TokenSource)(numbers[1] % 3),
            Status = (UsageStatus)(numbers[2] % 4),
            Outcome = (StreamOutcome)numbers[3],
            StatusCode = 200 + numbers[0],
            HttpStatusCode = numbers[1] == 0 ? null : 500,
            StartedAt = started,
            Duration = times[0],
            TimeToFirstByte = maybeTimes[0],
            TimeToFirstToken = maybeTimes[1],
            TimeToLastByte = maybeTimes[2],
            BytesReceived = numbers[0],
            ReadCount = numbers[1],
            EventCount = numbers[2],
            SkippedEvents = numbers[3],
            OutputCharacters = long.MaxValue,
            Drained = numbers[0] == 1,
            Streamed = numbers[1] == 1,
            Operation = texts[1] ?? "",
            Anomalies = (UsageAnomalies)(numbers[0] * 37 % 256),
            ResponseHeaders = context.Tags,
            Response = numbers[2] == 0 ? null : new CapturedResponse { RawExcerpt = texts[3], Truncated = numbers[1] == 0 },
        });

    [Fact]
    public void A_record_comes_back_as_it_was() => Records.Sample(
        record =>
        {
            byte[] json = UsageRecordJson.ToUtf8Bytes(record);
            UsageRecord back = UsageRecordJson.Read(json);
            back.Should().BeEquivalentTo(record, options => options.Excluding(r => r.Context.RequestBody));
            back.Context.RequestBody.ToArray().Should().Equal(record.Context.RequestBody.ToArray());
            UsageRecordJson.ToUtf8Bytes(back).Should().Equal(json);
            json.Should().NotContain((byte)'\n');
        },
        iter: 50);

    [Fact]
    public void Every_property_that_can_be_set_is_written()
    {
        System.Reflection.PropertyInfo[] settable =
            [.. typeof(UsageRecord).GetProperties().Where(property => property.SetMethod is not null)];
        var seen = new HashSet<string>();
        foreach (UsageRecord record in Records.Array[100].Single())
        {
            using JsonDocument json = JsonDocument.Parse(UsageRecordJson.ToUtf8Bytes(record));
            string[] names = [.. json.RootElement.EnumerateObject().Select(property => property.Name)];
            names.Should().BeEquivalentTo(["version", .. settable.Where(property => property.GetValue(record) is not null).Select(NameOf)]);
            seen.UnionWith(names);
        }

        seen.Should().BeEquivalentTo(["version", .. settable.Select(NameOf)], "a property that no record here has proves nothing");

        static string NameOf(System.Reflection.PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);
    }

    [Fact]
    public void The_names_and_forms_of_version_1_are_these()
    {
        var record = new UsageRecord
        {
            Id = new Guid("01a20a43-f80a-747f-bbb4-f87e51424199"),
            Context = new UsageContext { RequestId = "r1", ApiFormat = ApiFormat.Claude },
            ApiFormat = ApiFormat.Claude,
            Protocol = "anthropic-messages",
            Usage = new TokenUsage { InputTokens = 25, OutputTokens = 15, ReasoningTokens = 0 },
            BilledUsage = new TokenUsage { InputTokens = 25, OutputTokens = 15 },
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Estimated,
            Cost = new UsageCost { Total = 0.0001500m, PricedAs = "anthropic/x" },
            StatusCode = 200,
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddTicks(1234567),
            Duration = new TimeSpan(0, 0, 1, 2, 3),
        };

        Encoding.UTF8.GetString(UsageRecordJson.ToUtf8Bytes(record)).Should().Be(
            """
            {"version":1,"id":"01a20a43-f80a-747f-bbb4-f87e51424199","context":{"requestId":"r1","apiFormat":"CLAUDE"},"apiFormat":"CLAUDE",
            "protocol":"anthropic-messages",
            "usage":{"inputTokens":25,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"cacheCreation5mInputTokens":0,
            "cacheCreation1hInputTokens":0,"outputTokens":15,"reasoningTokens":0},
            "billedUsage":{"inputTokens":25,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"cacheCreation5mInputTokens":0,
            "cacheCreation1hInputTokens":0,"outputTokens":15},
            "billedUnits":{},"anomalies":"None","iterations":[],"serverToolUse":{},"tokenDetails":{},"inputSource":"Reported",
            "outputSource":"Estimated",
            "cost":{"total":0.0001500,"input":0,"cacheRead":0,"cacheCreation":0,"output":0,"serverTools":0,"multiplier":1,"currency":"USD",
            "pricedAs":"anthropic/x",
            "rateClass":"standard","rates":{},"unpricedParts":[],"isUncertain":false,"iterations":[]},
            "streamed":false,"operation":"chat","status":"Completed","outcome":"Completed","statusCode":200,
            "startedAt":"2026-01-02T03:04:05.1234567+02:00","duration":"00:01:02.0030000",
            "bytesReceived":0,"readCount":0,"eventCount":0,"skippedEvents":0,"outputCharacters":0,"drained":false}
            """.Replace("\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_later_version_adds_passes_by_and_what_is_missing_has_its_default()
    {
        UsageRecord record = UsageRecordJson.Read("""{"new":{"version":7},"id":"01a20a43-f80a-747f-bbb4-f87e51424199","usage":"""u8
            + """{"inputTokens":3,"newTokens":4},"more":[1,{"x":null}]}"""u8);

        record.Should().BeEquivalentTo(
            new UsageRecord { Id = new Guid("01a20a43-f80a-747f-bbb4-f87e51424199"), Usage = new TokenUsage { InputTokens = 3 } });
    }

    [Fact]
    public void What_is_missing_further_in_has_its_default_too()
    {
        UsageRecord record = UsageRecordJson.Read(
            """
            {"version":1,"cost":{"total":0.5},"iterations":[{"model":"m"},{"type":"compaction"},null],
            "response":{"message":{"id":"a"},"truncated":true}}
            """u8);

        record.Cost.Should().Be(new UsageCost { Total = 0.5m });
        record.Iterations
            .Should().Equal(new UsageIteration { Model = "m" }, new UsageIteration { Type = "compaction" }, new UsageIteration());
        record.Response!.Truncated.Should().BeTrue();
        record.Response.Message.Should().BeEquivalentTo(new AssistantMessage { Id = "a" });

        UsageRecordJson.Read("""{"response":{"message":{"content":[{"text":"a"},null]}}}"""u8).Response!.Message!.Content
            .Should().Equal(new ContentBlock { Text = "a" }, new ContentBlock());
    }

    [Theory]
    [InlineData("""{"cost":{"multiplier":0,"currency":"EUR"}}""", 0, "EUR")]
    [InlineData("""{"context":{"tags":{"multiplier":"0"}},"multiplier":0,"cost":{"currency":"EUR","later":{"multiplier":0}}}""", 1, "EUR")]
    [InlineData("""{"cost":{"multiplier":2,"currency":null}}""", 2, "USD")]
    [InlineData("""{"cost":{}}""", 1, "USD")]
    public void A_multiplier_of_0_is_one_where_it_was_written(string json, int multiplier, string currency) =>
        UsageRecordJson.Read(Encoding.UTF8.GetBytes(json)).Cost.Should().Be(new UsageCost { Multiplier = multiplier, Currency = currency });

    [Fact]
    public void Header_names_compare_without_case_again()
    {
        var headers = new Dictionary<string, string> { ["X-Plain"] = "1" };
        UsageRecord record = UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(
            new UsageRecord { ResponseHeaders = headers, Context = new UsageContext { RequestHeaders = headers } }));

        record.ResponseHeaders!["x-plain"].Should().Be("1");
        record.Context.RequestHeaders!["x-plain"].Should().Be("1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"id\":")]
    [InlineData("{\"id\":\"no\"}")]
    [InlineData("{\"version\":2}")]
    [InlineData("{\"status\":\"Completed\",\"version\":\"1\"}")]
    [InlineData("{\"outcome\":\"Unheard\"}")]
    [InlineData("{} {}")]
    [InlineData("{\"\\ud800x\":1}")] // A name with a lone surrogate.
    [InlineData("{\"cost\":{\"\\ud800multipl\":1}}")]
    public void What_is_no_record_is_refused(string json) =>
        FluentActions.Invoking(() => UsageRecordJson.Read(Encoding.UTF8.GetBytes(json))).Should().Throw<JsonException>();

    [Fact]
    public async Task A_record_of_a_real_response_comes_back_as_it_was()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(
            new RecordingSink(), new UsageContext { RequestId = "r1", Tags = new Dictionary<string, string> { ["team"] = "a" } });
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        UsageRecord record = await tracking.Completion;

        UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(record)).Should().BeEquivalentTo(record);
    }
}
