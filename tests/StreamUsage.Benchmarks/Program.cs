using System.Globalization;
using BenchmarkDotNet.Running;
using StreamUsage.Benchmarks;
using StreamUsage.Benchmarks.Accuracy;
using StreamUsage.Benchmarks.Cold;
using StreamUsage.Benchmarks.Estimates;
using StreamUsage.Benchmarks.Gateways;
using StreamUsage.Benchmarks.Growth;
using StreamUsage.Benchmarks.Hostile;
using StreamUsage.Benchmarks.Live;
using StreamUsage.Benchmarks.Pricing;
using StreamUsage.Benchmarks.Streams;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

switch (args)
{
    case ["quick", ..]:
        return QuickOptions.Read(args.AsSpan(1)) is { } options ? Quick.Run(options) : 2;
    case ["accuracy", ..]:
        return AccuracyCommand.Run(args.AsSpan(1));
    case ["estimate"]:
        EstimateCost.Run();
        return 0;
    case ["pricing"]:
        PricingCost.Run();
        return 0;
    case ["check"]:
        return SelfCheck.Run() ? 0 : 1;
    case ["stream"]:
        return StreamCost.Run();
    case ["end"]:
        return EndCost.Run() ? 0 : 1;
    case ["cold"]:
        return ColdCommand.Run();
    case [ColdStart.Command, var kind]:
        await ColdStart.RunAsync(Enum.Parse<AnswerKind>(kind));
        return 0;
    case ["growth", ..]:
        return GrowthOptions.Read(args.AsSpan(1)) is { } growth ? GrowthCommand.Run(growth) : 2;
    case ["hostile", ..]:
        HostileCost.Run(args.AsSpan(1));
        return 0;
    case ["delivery", "--queue"]:
        return await DeliveryRates.CompareQueueAsync() ? 0 : 1;
    case ["outbox"]:
        return await OutboxRates.RunAsync() ? 0 : 1;
    case ["delivery"]:
        DeliveryCost.Run();
        return await DeliveryRates.RunAsync() ? 0 : 1;
    case ["gateway"]:
        await GatewayCost.RunAsync();
        return 0;
    case [PlainProxy.Command, var port, var upstream]:
        await PlainProxy.RunAsync(port, upstream);
        return 0;
    case ["live", ..]:
        return LiveOptions.Read(args.AsSpan(1)) is { } liveOptions ? await LiveCommand.RunAsync(liveOptions) : 2;
    case [LiveProvider.Command]:
        await LiveProvider.RunAsync();
        return 0;
    case ["bdn", var filter]:
        BenchmarkSwitcher.FromAssembly(typeof(StreamBenchmarks).Assembly).Run(["--filter", filter]);
        return 0;
    case ["bdn", ..]:
        BenchmarkSwitcher.FromAssembly(typeof(StreamBenchmarks).Assembly).Run(args[1..]);
        return 0;
    default:
        Console.Error.WriteLine(
            $"""
            Commands:
              quick {QuickOptions.Usage}
                      time and allocation an event of each contender, interleaved
              check   every contender reads every workload once and must find its totals
              stream  what a whole tracked stream allocates, and what an idle one holds
              end     what the end of a stream costs its reader, and the ways to pass it on
              cold    how late a timer gets beside the first estimates of a process
              growth {GrowthOptions.Usage}
                      time and allocation as streams grow longer and as more of them are open, and with two threads; --svg draws it
              hostile [--only PART]
                      what bodies cost that were made to cost much, plain and under br
              delivery
                      what readers feel of a sink that works, and of one that does not; what the sink gets a second
              outbox  what an outbox and a store take a second, beside a row a transaction by hand
              gateway what the gateway of the samples adds to a plain YARP proxy: latency, CPU, memory
              live {LiveOptions.Usage}
                      CPU, latency and memory over loopback HTTP from another process, and a load that must be counted right
              accuracy {AccuracyCommand.Usage}
                      how close estimates come to reported counts; --fit prints the constants of the rules
              estimate
                      what an estimate of 1 MiB takes, whatever it is
              pricing
                      what it takes to price a record, and to read a price table
              bdn FILTER
                      the same contenders under BenchmarkDotNet; FILTER as in its --filter
            """);
        return 2;
}
