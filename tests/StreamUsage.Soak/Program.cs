using System.Globalization;
using StreamUsage.Soak;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

switch (args)
{
    case ["--shutdown"]:
        return await ShutdownTest.RunAsync() ? 0 : 1;
    case ["kill", var rounds]:
        return await KillTest.RunAsync(int.Parse(rounds, CultureInfo.InvariantCulture), hasNeighbour: false) ? 0 : 1;
    case ["kill"]:
        return await KillTest.RunAsync(50, hasNeighbour: false) & await KillTest.RunAsync(20, hasNeighbour: true) ? 0 : 1;
    case ["--kill-child", var folder, var name]:
        await KillTest.ServeAsync(folder, name);
        return 0;
    case ["--shutdown-child", var file, var setup]:
        await ShutdownTest.ServeAsync(file, int.Parse(setup, CultureInfo.InvariantCulture));
        return 0;
}

if (SoakOptions.Read(args) is not { } options)
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/StreamUsage.Soak -- [--streams 20000] [--concurrent 500] "
        + "[--seed N] | --shutdown | kill [ROUNDS]");
    return 2;
}

return await SoakTest.RunAsync(options) ? 0 : 1;
