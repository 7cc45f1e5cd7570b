// master_in_zookeeper SERVER PATH ADDRESS: a master's part in ZooKeeper, for tests in Python. Joins the group at PATH
// of SERVER (HOST:PORT) as the master at ADDRESS, or with ADDRESS itself as data where it begins with {; prints the
// znode's path, and leaves when its standard input ends.

#include <iostream>
#include <string>

#include "tests/lab/zookeeper/group_member.h"

int main(int argc, char** argv) {
  using namespace esaas::mesos;
  if (argc != 4) {
    std::cerr << "usage: master_in_zookeeper SERVER PATH ADDRESS\n";
    return 2;
  }
  std::string info = argv[3];
  if (!info.starts_with('{')) {
    const auto address = parse_endpoint(info);
    if (!address) {
      std::cerr << address.error().detail << "\n";
      return 2;
    }
    info = testing::master_info_json(*address);
  }
  testing::GroupMember member(argv[1]);
  const std::string znode = member.join(argv[2], info);
  if (znode.empty()) {
    std::cerr << "cannot join " << argv[2] << " on " << argv[1] << "\n";
    return 1;
  }
  std::cout << znode << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  return 0;
}
