using QuickStart;

switch (args)
{
    case []:
        return await Walkthrough.RunAsync() ? 0 : 1;
    case ["--replay", var folder] when Directory.Exists(folder):
        return await RecordedStreams.RunAsync(folder) ? 0 : 1;
    case ["--replay", var folder]:
        Console.Error.WriteLine($"There is no folder {folder}.");
        return 2;
    default:
        Console.Error.WriteLine("""
            Usage: dotnet run --project samples/QuickStart
                   dotnet run --project samples/QuickStart -- --replay DIR    (.sse files, each checked against the .json beside it)
            """);
        return 2;
}
