using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>Every contender reads every workload in reads of every size, once, and must find what it holds.</summary>
internal static class SelfCheck
{
    public static bool Run()
    {
        int readings = 0, faults = 0;
        foreach (Contender contender in Contender.CreateAll())
        {
            using (contender)
            {
                foreach (Workload workload in Workload.All.Where(contender.CanRead))
                {
                    foreach (ReadSize readSize in ReadSize.All)
                    {
                        readings++;
                        try
                        {
                            using var lane = new Lane(contender, workload, readSize);
                            lane.ReadOnce();
                        }
                        catch (WrongAnswerException fault)
                        {
                            faults++;
                            Console.Error.WriteLine($"WRONG: {fault.Message}");
                        }
                    }
                }
            }
        }

        Console.WriteLine($"check: {readings - faults} of {readings} readings right");
        return faults == 0;
    }
}
