using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>Options that come from configuration: all that are values can be set, and what cannot be read is said when
/// the host starts.</summary>
public sealed class ConfigurationTests
{
    // In configuration, what it is read as. Each differs from its default.
    private static readonly (string Key, string Value, object Expected)[] Values =
    [
        ("MaxEventBytes", "77", 77L),
        ("MaxRetainedBytes", "78", 78L),
        ("Capture", "Message, RequestBody", CapturedContent.Message | CapturedContent.RequestBody),
        ("MaxCapturedBytes", "79", 79L),
        ("ThrowOnUnreadableStream", "true", true),
        ("DrainAbortedStreams:MaxTime", "00:00:09", TimeSpan.FromSeconds(9)),
        ("DrainAbortedStreams:MaxBytes", "99", 99L),
        ("DrainAbortedStreams:MaxConcurrent", "3", 3),
        ("SinkTimeout", "00:00:07", TimeSpan.FromSeconds(7)),
        ("MaxConcurrentSinkCalls", "8", 8),
        ("EstimationTimeout", "00:00:06", TimeSpan.FromSeconds(6)),
        ("WarmUpOnStart", "true", true),
        ("MaxDeliveryAttempts", "9", 9),
        ("RetryDelay", "00:00:00.5", TimeSpan.FromMilliseconds(500)),
        ("Background:Capacity", "11", 11),
        ("Background:FullQueueTimeout", "00:00:12", TimeSpan.FromSeconds(12)),
        ("Background:MaxBatchSize", "13", 13),
        ("Background:MaxBatchDelay", "00:00:14", TimeSpan.FromSeconds(14)),
        ("Background:MaxConcurrentBatches", "15", 15),
        ("Background:ShutdownTimeout", "00:00:16", TimeSpan.FromSeconds(16)),
        ("ShutdownGracePeriod", "00:00:17", TimeSpan.FromSeconds(17)),
        ("MaxRetainedTextBytes", "18", 18),
        ("MaxRequestBodyBytes", "19", 19),
        ("LatestGenAIConventions", "true", true),
        ("MetricTags:0", "tenant", "tenant"),
        ("TagCallerActivity", "true", true),
        ("RecordFailedRequests", "false", false),
        ("WarnWithoutContext", "true", true),
        ("RequestStreamUsage", "true", true),
    ];

    private static readonly string[] SetByCodeOnly = ["Estimator", "Pricing", "MeterFactory", "OnDeliveryFailed", "ShouldTrack"];

    public static TheoryData<string> Keys { get; } = [.. Values.Select(value => value.Key)];

    public static TheoryData<string> CodeOnly { get; } = [.. SetByCodeOnly];

    [Fact]
    public void Every_option_is_a_value_that_is_bound_here_or_holds_code()
    {
        string[] properties = [.. Paths(typeof(StreamUsageOptions), "")];

        properties.Should().BeEquivalentTo([.. Values.Select(value => value.Key), .. SetByCodeOnly]);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task AddStreamUsage_of_a_section_binds(string key)
    {
        (_, string value, object expected) = Values.Single(one => one.Key == key);
        await using ServiceProvider provider = Provider(services => services.AddStreamUsage(Section((key, value))));

        Read(provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>().CurrentValue, key).Should().Be(expected);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void The_reflection_binder_binds(string key)
    {
        (_, string value, object expected) = Values.Single(one => one.Key == key);
        var options = new StreamUsageOptions();

        Section((key, value)).Bind(options);

        Read(options, key).Should().Be(expected);
    }

    [Fact]
    public async Task A_named_tracker_has_a_section_of_its_own_and_code_that_follows_has_the_last_word()
    {
        await using ServiceProvider provider = Provider(services =>
        {
            services.AddStreamUsage(Section(("SinkTimeout", "00:00:03")));
            services.AddStreamUsage("own", Section(("SinkTimeout", "00:00:04"), ("maxdeliveryattempts", "5"), ("Background:Capacity", "6")))
                .DeliverInBackground(options => options.MaxBatchSize = 7);
            services.AddStreamUsage("own", options => options.MaxDeliveryAttempts++);
        });
        IOptionsMonitor<StreamUsageOptions> options = provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>();

        options.CurrentValue.SinkTimeout.Should().Be(TimeSpan.FromSeconds(3));
        options.Get("own").Should().Match<StreamUsageOptions>(o => o.SinkTimeout == TimeSpan.FromSeconds(4)
            && o.MaxDeliveryAttempts == 6 && o.Background!.Capacity == 6 && o.Background.MaxBatchSize == 7);
    }

    [Fact]
    public async Task A_section_that_is_missing_sets_nothing()
    {
        await using ServiceProvider provider = Provider(services => services.AddStreamUsage(Section().GetSection("missing")));

        provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>().CurrentValue.Should().BeEquivalentTo(new StreamUsageOptions());
    }

    [Theory]
    [InlineData("MaxEventBytes", "many", "*'StreamUsage:MaxEventBytes'*")]
    [InlineData("SinkTimeout", "soon", "*'StreamUsage:SinkTimeout'*")]
    [InlineData("Capture", "Nothing", "*'StreamUsage:Capture'*")]
    [InlineData("DrainAbortedStreams:MaxBytes", "x", "*'StreamUsage:DrainAbortedStreams:MaxBytes'*")]
    [InlineData("MaxEventByte", "1", "*'MaxEventByte'*")]
    [InlineData("Background:Capcity", "1", "*'Capcity'*")]
    [InlineData("Parsers:0:Item1", "1", "*'Parsers'*")]
    public Task A_host_whose_section_cannot_be_read_does_not_start_and_names_the_key(string key, string value, string message) =>
        VerifyDoesNotStart<InvalidOperationException>((key, value), message);

    [Theory]
    [InlineData("MaxEventBytes", "0", "StreamUsageOptions.MaxEventBytes must be *")]
    [InlineData("SinkTimeout", "30", "StreamUsageOptions.SinkTimeout must be *")]
    [InlineData("DrainAbortedStreams:MaxBytes", "-1", "StreamUsageOptions.DrainAbortedStreams.MaxBytes must be *")]
    [InlineData("Background:Capacity", "0", "StreamUsageOptions.Background.Capacity must be *")]
    [InlineData("Capture", "4096", "StreamUsageOptions.Capture must be *")]
    [InlineData("MetricTags:0", "error.type", "StreamUsageOptions.MetricTags must be *")]
    public Task A_host_whose_section_has_a_value_out_of_range_does_not_start_and_names_the_option(
        string key, string value, string message) =>
        VerifyDoesNotStart<OptionsValidationException>((key, value), message);

    [Theory]
    [MemberData(nameof(CodeOnly))]
    public Task An_option_that_holds_code_is_refused_in_a_section(string name) =>
        VerifyDoesNotStart<InvalidOperationException>(
            (name, "anything"), $"StreamUsageOptions.{name} cannot be set from configuration ('StreamUsage:{name}')*");

    [Fact]
    public async Task Limits_that_change_afterwards_are_not_the_trackers()
    {
        var limits = new DrainLimits { MaxConcurrent = 1 };
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = limits });
        limits.MaxConcurrent = 0;
        Stream stream = tracker.Track(new PiecewiseStream(Answers.ClaudeBytes, 400), Track.Nothing, out UsageTracking tracking);
        _ = await stream.ReadAsync(new byte[400], TestContext.Current.CancellationToken);

        await stream.DisposeAsync();

        (await tracking.Completion).Drained.Should().BeTrue();
    }

    [Fact]
    public void Missing_sections_are_named()
    {
        var services = new ServiceCollection();

        FluentActions.Invoking(() => services.AddStreamUsage((IConfiguration)null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("section");
        FluentActions.Invoking(() => services.AddStreamUsage("name", (IConfiguration)null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("section");
    }

    private static async Task VerifyDoesNotStart<TException>((string Key, string Value) setting, string message)
        where TException : Exception
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStreamUsage(Section(setting)).AddSink(new RecordingSink());
        using IHost host = builder.Build();

        (await host.Invoking(h => h.StartAsync(TestContext.Current.CancellationToken)).Should().ThrowAsync<TException>())
            .WithMessage(message);
    }

    private static ServiceProvider Provider(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        add(services);
        services.AddStreamUsage().AddSink(new RecordingSink());
        services.AddStreamUsage("own").AddSink(new RecordingSink());
        return services.BuildServiceProvider();
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create($"StreamUsage:{value.Key}", (string?)value.Value)))
        .Build()
        .GetSection("StreamUsage");

    private static IEnumerable<string> Paths(Type type, string prefix) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => property.PropertyType == typeof(DrainLimits) || property.PropertyType == typeof(BackgroundDeliveryOptions)
            ? Paths(property.PropertyType, $"{property.Name}:")
            : [prefix + property.Name + (property.PropertyType == typeof(IList<string>) ? ":0" : "")]);

    private static object? Read(object options, string key)
    {
        object? value = options;
        foreach (string name in key.Split(':'))
        {
            value = value is IList<string> list ? list.Single() : value!.GetType().GetProperty(name)!.GetValue(value);
        }

        return value;
    }
}
