using System.Text.Json.Serialization;
using Gateway;
using Gateway.Demo;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
ConfigurationManager settings = builder.Configuration;
GatewayOptions gateway = settings.GetRequiredSection("Gateway").Get<GatewayOptions>()!;
string PathOf(params string[] path) => Path.Combine([builder.Environment.ContentRootPath, .. path]);
int PortOf(string endpoint) => BindingAddress.Parse(settings[$"Kestrel:Endpoints:{endpoint}:Url"]!).Port;

// The records: from the outbox to the store, to the page and to the budgets.
var store = new SqliteUsageStore(PathOf(gateway.DataFolder, "usage.db"));
builder.Services.AddSingleton(gateway).AddSingleton(TimeProvider.System).AddSingleton(store);
builder.Services.AddSingleton<Budgets>().AddSingleton<LiveFeed>().AddSingleton<Door>();
builder.Services.AddStreamUsage(settings.GetRequiredSection("StreamUsage"))
    .AddSink(store)
    .AddSink<LiveFeed>()
    .AddSqliteOutbox(PathOf(gateway.DataFolder, "outbox.db"));
builder.Services.AddSingleton<IUsagePricing>(services =>
    PriceTable.Watch(PathOf(gateway.Prices), loggerFactory: services.GetRequiredService<ILoggerFactory>()));
builder.Services.AddOptions<StreamUsageOptions>().Configure<LiveFeed>(static (options, feed) => options.OnDeliveryFailed = (_, _) =>
{
    feed.CountUndelivered();
    return default;
});

// The bytes: through YARP, whose client tracks the responses.
builder.Services.AddSingleton<IForwarderHttpClientFactory, TrackingClientFactory>();
builder.Services.AddReverseProxy().LoadFromConfig(settings.GetRequiredSection("ReverseProxy")).AddTransforms(static transforms =>
{
    transforms.AddRequestHeaderRemove("Accept-Encoding");
    transforms.AddQueryRemoveKey("key");
    transforms.AddRequestTransform(static request =>
    {
        if (request.HttpContext.Items[typeof(Admission)] is Admission admission)
        {
            request.ProxyRequest.SetUsageContext(admission.Context);
            admission.IsSent = true;
        }

        return default;
    });
    transforms.AddResponseTransform(static response =>
    {
        if (response is { ProxyResponse: { } message, HttpContext: var http } && http.Items[typeof(Admission)] is Admission admission)
        {
            // The client tracks it already: this returns its handle.
            UsageTracking tracking = message.TrackUsage(http.RequestServices.GetRequiredService<UsageTracker>(), admission.Context);
            http.RequestServices.GetRequiredService<LiveFeed>().AddOpen(tracking, admission.Context);
        }

        return default;
    });
});

OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
    .WithMetrics(static metrics => metrics.AddMeter("StreamUsage"))
    .WithTracing(static traces => traces.AddSource("StreamUsage"));
_ = gateway.Telemetry switch
{
    "otlp" => telemetry.UseOtlpExporter(),
    "console" =>
        telemetry.WithMetrics(static metrics => metrics.AddConsoleExporter()).WithTracing(static traces => traces.AddConsoleExporter()),
    _ => telemetry,
};
builder.Services.Configure<HostOptions>(settings.GetSection("HostOptions"));
builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
builder.Services.AddValidation();
builder.Services.AddHealthChecks().AddStreamUsage();
if (gateway.Demo)
{
    builder.Services.AddHostedService<DemoTraffic>();
}

WebApplication app = builder.Build();
await app.Services.GetRequiredService<Budgets>().LoadAsync(store);
Door door = app.Services.GetRequiredService<Door>();

// A port for the operator, which callers of the gateway need not reach.
app.MapWhen(http => http.Connection.LocalPort == PortOf("Admin"), static admin =>
{
    admin.UseFileServer().UseRouting().UseEndpoints(static endpoints =>
    {
        endpoints.MapHealthChecks("/health");
        endpoints.MapUsage();
    });
});
if (gateway.Demo)
{
    app.MapWhen(http => http.Connection.LocalPort == PortOf("Demo"), static demo => demo.Run(DemoProvider.AnswerAsync));
}

app.UseRouting();
app.MapReverseProxy(proxy =>
{
    proxy.Use(door.InvokeAsync);
    proxy.UseLoadBalancing();
});
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine(
    $"Ask   {settings["Kestrel:Endpoints:Proxy:Url"]}\nWatch {settings["Kestrel:Endpoints:Admin:Url"]}"));
await app.RunAsync();
